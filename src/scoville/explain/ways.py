"""The shortest way to the next stage: things happen to copies of the lead, and the plan says what became of them.

First each action by itself, all in one run; then, in a second run, the best of them again and again, and in pairs.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.explain.facts import NextStage, Unknown, Way
from scoville.explain.suppose import Action, possible_events, possible_facts
from scoville.explain.world import Supposition
from scoville.model.checks import DISQUALIFIED
from scoville.model.conditions import traits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoville.explain.sentences import Subject
    from scoville.explain.world import World
    from scoville.model.conditions import Condition
    from scoville.model.schema import Stage

Row = dict[str, Any]
SHOWN_WAYS = 3
MOST_REPEATS = 5
_BEST_EVENTS, _BEST_FACTS = 8, 4  # that go into the second run: 32 repeats and 60 pairs
_BEHAVIOUR = ("engagement", "level", "score")
_NOTICED = 0.05


@dataclass(frozen=True)
class Trial:
    """Actions on one copy of the lead, each so many times, and the row that the plan gave for it."""

    actions: tuple[tuple[Action, int], ...]
    row: Row

    @property
    def steps(self) -> int:
        """How many things have to happen."""
        return sum(count for _, count in self.actions)

    @property
    def parts(self) -> frozenset[str]:
        """The actions, without how often."""
        return frozenset(action.rule for action, _ in self.actions)


def next_stage_of(subject: Subject, world: World, now: Row, met: Iterable[str]) -> NextStage:
    """Up to three shortest ways to the next stage; where there is none, why.

    `now` is the lead's score row; `met` names the rules that it has met by an event before.
    """
    if now["disqualified_by"] is not None:
        return NextStage(None, (), (), disqualified_in_words(subject, now))
    stages, said = subject.model.stages, Sayings(frozenset(met))
    place = _place(now["stage"], stages)
    events, facts = possible_events(subject, world), possible_facts(subject, world)
    trials = _tried(world, events, facts)
    unknown = _unknown(trials, now)
    if place + 1 >= len(stages):
        why = f"{now['stage']} is the last stage" if stages else "the model has no stages"
        return NextStage(None, (), unknown, why)
    target = stages[place + 1]
    reaching = [trial for trial in trials if _place(trial.row["stage"], stages) > place]
    ways = tuple(_way(trial, now, said) for trial in _shortest(reaching))
    return NextStage(target.name, ways, unknown, None if ways else _why_not(target, trials, now, said, world))


def _place(stage: str | None, stages: Sequence[Stage]) -> int:
    """Number of a stage; -1 for none."""
    return next((i for i, each in enumerate(stages) if each.name == stage), -1)


def _tried(world: World, events: Sequence[Action], facts: Sequence[Action]) -> list[Trial]:
    singles = _try(world, [((action, 1),) for action in (*events, *facts)])
    best = sorted((trial for trial in singles if trial.actions[0][0].event), key=_merit)[:_BEST_EVENTS]
    known = sorted((trial for trial in singles if trial.actions[0][0].traits), key=_merit)[:_BEST_FACTS]
    again = [((trial.actions[0][0], count),) for count in range(2, MOST_REPEATS + 1) for trial in best]
    pairs = [(*one.actions, *other.actions) for one, other in combinations([*best, *known], 2)]
    return singles + _try(world, [*again, *pairs])


def _merit(trial: Trial) -> tuple[float, ...]:
    return (-trial.row["score"], -trial.row["fit"])


def _try(world: World, plans: Sequence[tuple[tuple[Action, int], ...]]) -> list[Trial]:
    chosen = plans[: world.most_copies]
    if not chosen:
        return []
    rows = world.suppose([_supposition(actions) for actions in chosen])
    return [Trial(actions, row) for actions, row in zip(chosen, rows, strict=True)]


def _supposition(actions: Iterable[tuple[Action, int]]) -> Supposition:
    events = tuple(action.event for action, count in actions if action.event is not None for _ in range(count))
    traits = {name: value for action, _ in actions for name, value in (action.traits or {}).items()}
    return Supposition(events, traits)


def _shortest(reaching: Iterable[Trial]) -> list[Trial]:
    """Fewest steps first, then the highest score; none that only adds to a shorter one."""
    shown: list[Trial] = []
    for trial in sorted(reaching, key=lambda trial: (trial.steps, *_merit(trial))):
        if not any(shorter.parts <= trial.parts for shorter in shown):
            shown.append(trial)
    return shown[:SHOWN_WAYS]


def _way(trial: Trial, now: Row, said: Sayings) -> Way:
    gain, score, stage = trial.row["score"] - now["score"], trial.row["score"], trial.row["stage"]
    sentence = f"{said.of(trial)}: {words.signed(gain)}, reaches {stage} at {words.number(score)}"
    return Way(trial.steps, gain, score, stage, sentence)


@dataclass(frozen=True)
class Sayings:
    """How trials are said to somebody who knows which rules the lead has `met` before."""

    met: frozenset[str]

    def of(self, trial: Trial) -> str:
        """`Demo requested once more and Pricing page once (page_viewed where path starts with /pricing)`."""
        return " and ".join(self._of_action(action, count) for action, count in trial.actions)

    def _of_action(self, action: Action, count: int) -> str:
        if action.traits is not None:
            return f"if {action.does} (not known yet)"
        times = words.times(count) + (" more" if action.rule in self.met else "")
        if not action.is_named:
            return f"{action.does} {times} (for {action.rule})"
        says_the_same = action.does.replace("_", " ").strip().lower() == action.rule.strip().lower()
        return f"{action.rule} {times}" + ("" if says_the_same else f" ({action.does})")


def _unknown(trials: Iterable[Trial], now: Row) -> tuple[Unknown, ...]:
    """Traits that are not known and could lift fit, the best first."""
    alone = [trial for trial in trials if trial.steps == 1 and trial.actions[0][0].traits]
    found = []
    for trial in sorted(alone, key=_merit):
        action, gain = trial.actions[0][0], trial.row["fit"] - now["fit"]
        name = next(iter(action.traits or {}))
        if gain >= _NOTICED:
            said = f"{words.signed(gain)} fit if {action.does} ({action.rule})"
            found.append(Unknown(name, action.rule, gain, said))
    return tuple(found)


# --- where there is no way ------------------------------------------------------------------------------------------


def _why_not(target: Stage, trials: Sequence[Trial], now: Row, said: Sayings, world: World) -> str:
    """What stands in the way: the score, or what the stage needs beside it."""
    best = max(trials, key=lambda trial: trial.row["score"], default=None)
    begins = f"{target.name} begins at {words.plain(target.from_)}"
    if best is None:
        events = "no event that could be tried" if world.has_events else "no events were given"
        return f"{begins}; {events}, and no fact that is missing would lift the score"
    if best.row["score"] >= target.from_ and target.needs is not None:
        return _needs(target, target.needs, now)
    if best.row["score"] - now["score"] < _NOTICED:
        return f"{begins}; nothing that was tried lifts the score"
    return f"{begins}; the most that was found comes to {words.number(best.row['score'])}: {said.of(best)}"


def _needs(target: Stage, needs: Condition, now: Row) -> str:
    """`SQL also needs that fit is at least 20, and fit is 5: behaviour alone cannot change that`."""
    names = list(dict.fromkeys(traits_of(needs)))
    facts = words.listed([f"{words.trait(name)} is {_shown(now.get(name))}" for name in names], "and")
    cannot = "" if any(name in _BEHAVIOUR for name in names) else ": behaviour alone cannot change that"
    return f"{target.name} also needs that {words.condition(needs)}, and {facts}{cannot}"


def _shown(value: object) -> str:
    return words.number(value) if isinstance(value, float) else "none" if value is None else words.value(value)


def disqualified_in_words(subject: Subject, now: Row) -> str:
    """What would have to be different for the lead to count."""
    model, scale = subject.model, subject.model.scale
    found = next(q for q in (*model.qualify, *model.disqualify) if q.name == now["disqualified_by"])
    joint = "while" if found in model.disqualify else "until"
    otherwise = min(max(now["fit"] + now["engagement"], scale.min), scale.max)
    return (
        f"{DISQUALIFIED} by '{found.name}' ({subject.facts(traits_of(found.when))}): whatever happens, the score stays "
        f"at {words.plain(scale.min)} {joint} {words.condition(found.when)}; "
        f"otherwise it would be {words.number(otherwise)}"
    )
