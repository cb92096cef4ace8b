"""What a person sees of a learned card: what it comes to, the rules, what was left out, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from scoville.cli.output import out
from scoville.words import counted, share, signed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.learn.learning import Learned
    from scoville.learn.rivals import Rival
    from scoville.learn.written.earned import Earned, Group, Line

_TOP = "0.2"
_NAMED = 6  # columns that are named as left out; all of them with --json
_LINES = 6  # bands or values of a rule
_LONGEST = 120


def print_learned(learned: Learned, output: Path | None) -> None:
    """A few lines, the card as a table, and the next commands."""
    console = out()
    console.print(Text(_over(learned), style="dim"))
    if learned.why_not is not None:
        console.print(Text(_sentence(learned.why_not), style="bold yellow"))
    else:
        console.print(Text(_found(learned), style="bold green"))
    for rival in learned.rivals:
        console.print(Text(_against(rival)))
    if (path := _path(learned)) is not None:
        console.print(Text(path))
    if learned.card is not None:
        console.print()
        console.print(_card(learned))
    for line in _left_out(learned):
        console.print(Text("left out: ", style="yellow") + Text(line))
    for note in learned.notes:
        console.print(Text("note: ", style="yellow") + Text(note))
    if learned.text is not None and not learned.is_worth_it:
        console.print(Text("advice: ", style="bold yellow") + Text(_keep(learned)))
    elif learned.text is not None:
        model = output if output is not None else "model.yaml"
        wanted = f"scoville score {model} --leads ...    scoville validate {model} ... --report report.html"
        first = "" if output is not None else "-o model.yaml writes it. Then "
        console.print(Text("next: ", style="bold") + Text(f"{first}{wanted}"))


def _over(learned: Learned) -> str:
    seen = f"{counted(learned.leads, 'lead')}, {learned.conversions:,} converted, {learned.rows:,} rows"
    if learned.horizon_days is None:
        return f"leads as they are now · {seen}"
    held = f" · judged on rows from {learned.held_out_from}" if learned.held_out_from else ""
    return f"{learned.first} to {learned.last}, {learned.horizon_days:g} days ahead · {seen}{held}"


def _found(learned: Learned) -> str:
    found = learned.held_out
    if found is None or found.auc is None or found.auc_low is None or found.auc_high is None:
        return "A card was found."
    where = "later leads" if learned.held_out_from else "other leads"
    said = (
        f"On {where} it had not seen: AUC {found.auc:.3f} ({found.auc_low:.3f} to {found.auc_high:.3f}; 0.5 is chance)"
    )
    if _TOP in found.recall_at:
        low, high = found.recall_interval[_TOP]
        said += (
            f"; the best 20% hold {share(found.recall_at[_TOP])} ({share(low)} to {share(high)}) of those who convert"
        )
    return f"{said}."


def _against(rival: Rival) -> str:
    if rival.auc is None or rival.difference is None or rival.low is None or rival.high is None:
        return f"against {rival.name}: {rival.cannot_tell}"
    better = "better" if rival.low > 0 else "worse" if rival.high < 0 else "no clear difference"
    return (
        f"against {rival.name} (AUC {rival.auc:.3f}): {rival.difference:+.3f} ({rival.low:+.3f} to {rival.high:+.3f}), "
        f"{better}"
    )


def _keep(learned: Learned) -> str:
    """Why a card that was found had better not be used."""
    yours = " and ".join(rival.name for rival in learned.rivals if rival.is_yours)
    from scoville.learn.learning import ENOUGH_FOR_MORE

    few = f" from {counted(learned.conversions, 'conversion')}" if learned.conversions < ENOUGH_FOR_MORE else ""
    return (
        f"keep {yours}: the card learned{few} is not shown to rank better. Re-tune yours with scoville learn --from "
        "MODEL, or learn again when more have converted. --anyway writes the card all the same"
    )


def _path(learned: Learned) -> str | None:
    known = [f"{step.factors}: {step.auc:.3f}" for step in learned.path if step.auc is not None]
    if not known:
        return None
    would_do = f"; {learned.enough} would do" if learned.enough is not None and learned.enough < len(known) else ""
    return f"AUC by number of factors: {', '.join(known)}{would_do}"


def _card(learned: Learned) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("rule", overflow="fold")
    table.add_column("")
    for title in ("points", "leads", "converted"):
        table.add_column(title, justify="right", no_wrap=True)
    if learned.card is not None:
        if learned.card.start:
            table.add_row(Text("To start with", style="bold"), "", signed(learned.card.start), "all", "")
        said = {rule.name: rule.content for rule in learned.card.rules}
        for found in learned.evidence:
            _add(table, found, said[found.rule])
    return table


def _add(table: Table, found: Earned, content: dict[str, object]) -> None:
    lines = sorted((line for line in found.lines if line.group.rows), key=lambda line: -line.points)
    if not lines:
        each = (
            f"{signed(_number(content['points']))} each" if "event" in content else signed(_number(content["points"]))
        )
        table.add_row(Text(found.rule, style="bold"), _terms(content), each, *_group(found.with_points))
        table.add_row("", "none", "0", *_group(found.without))
        return
    for place, (label, points, group) in enumerate(_shown(lines)):
        table.add_row(Text(found.rule if not place else "", style="bold"), Text(label), signed(points), *_group(group))


def _shown(lines: list[Line]) -> Iterator[tuple[str, float, Group]]:
    """Values of equal points on one line; ranges as they are."""
    for points in dict.fromkeys(line.points for line in lines):
        same = [line for line in lines if line.points == points]
        names = [line.label for line in same][:_LINES]
        more = f" and {len(same) - _LINES} more" if len(same) > _LINES else ""
        yield ", ".join(names) + more, points, _together([line.group for line in same])


def _together(groups: list[Group]) -> Group:
    """Several groups as one; its interval is left to the file."""
    from scoville.learn.written.earned import Group

    if len(groups) == 1:
        return groups[0]
    part = sum(one.share for one in groups)
    rate = sum(one.share * (one.rate or 0.0) for one in groups) / part if part else None
    return Group(sum(one.rows for one in groups), part, rate, None, None)


def _group(group: Group) -> tuple[str, str]:
    return share(group.share), "-" if group.rate is None else share(group.rate)


def _terms(content: dict[str, object]) -> str:
    decay, limit = content.get("decay"), content.get("max", content.get("min"))
    fades = f"half after {decay['half_life']}" if isinstance(decay, dict) else "does not fade" if decay else ""
    return ", ".join(part for part in (fades, f"at most {limit}" if limit is not None else "") if part)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _left_out(learned: Learned) -> Iterator[str]:
    """What leaks one by one, the rest by reason."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in learned.left_out:
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        yield f"{', '.join(names[:_NAMED])}{more}: {reason}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
