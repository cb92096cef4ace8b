"""Does learning find the truth? The demo data know what makes their leads buy: half-lives and signs, seed after seed.

    python benchmarks/learn_truth.py --seeds 20 --leads 100000

Each seed is a year of new leads (`scoville.demo`), learned from with a horizon of 30 days and up to 15 factors.
Printed for each: the half-lives found for the four signals that fade, and the effects of at least 0.5 in log odds whose
sign is wrong or that the card does not have. At the end: in how many seeds each half-life came back within 30 %, all of
them did, and no sign was wrong. Seeds are independent: `--first 50` goes on where another run ended.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scoville.demo import TRUTH, generate
from scoville.evidence.history import read_history
from scoville.learn.learning import learn

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.demo.truth import Signal

HORIZON = timedelta(days=30)
FACTORS = 15
WITHIN = 0.30
STRONG = 0.5  # in log odds: weaker effects drown in chance, or are joined with their neighbours
Rule = dict[str, Any]


@dataclass(frozen=True)
class Found:
    """What a card says of the hidden truth.

    `half_lives` by signal, None where it is no fading sum; `wrong` and `absent` name effects.
    """

    half_lives: dict[str, float | None]
    wrong: tuple[str, ...]
    absent: tuple[str, ...]

    @property
    def close(self) -> dict[str, bool]:
        """Which half-lives are within 30 % of the truth."""
        true = {signal.name: signal.half_life_days for signal in TRUTH.signals if signal.half_life_days}
        return {
            name: days is not None and abs(days / true[name] - 1) <= WITHIN for name, days in self.half_lives.items()
        }


def found_in(content: Mapping[str, Any]) -> Found:
    """What the content of a learned model says of the hidden truth."""
    rules = content.get("engagement", {}).get("rules", [])
    half_lives, signs = {}, {}
    for signal in TRUTH.signals:
        rule = next((rule for rule in rules if _is_of(rule, signal)), None)
        signs[signal.name] = 0.0 if rule is None else _direction(rule) * signal.coefficient
        if signal.half_life_days:
            half_lives[signal.name] = _half_life(rule)
    signs |= dict(_fit_signs(content))
    wrong = tuple(name for name, sign in signs.items() if sign < 0)
    return Found(half_lives, wrong, tuple(name for name, sign in signs.items() if sign == 0))


def _is_of(rule: Rule, signal: Signal) -> bool:
    when = {"path": {"starts_with": signal.path_prefix}} if signal.path_prefix else None
    return bool(rule["event"] == signal.event and rule.get("when") == when)


def _half_life(rule: Rule | None) -> float | None:
    decay = (rule or {}).get("decay")
    return float(decay["half_life"].removesuffix("d")) if isinstance(decay, dict) else None


def _direction(rule: Rule) -> float:
    """Above 0 where more, or newer, of it gives more."""
    if "points" in rule:
        return float(rule["points"])
    bands: list[Rule] = rule.get("count") or rule.get("recency") or rule["sum"]["bands"]
    points = [float(band["points"]) for band in bands]
    return points[0] if "recency" in rule else points[-1]


def _fit_signs(content: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """For each hidden effect of a trait: above 0 where the card gives its value more, or less, than one without effect.

    Values beside which nothing without effect is named, and those of less than one lead in a hundred, are left out.
    """
    rules: dict[str, Rule] = {rule["by"]: rule for rule in content["fit"]["rules"] if "by" in rule}
    plain = {"job_title.seniority": "staff", "email.kind": "business", "industry": "Manufacturing", "country": "FR",
             "source": "organic"}  # fmt: skip
    for trait, beside in plain.items():
        for value, coefficient in TRUTH.fit[trait].items():
            if abs(coefficient) < STRONG:
                continue
            rule = rules.get(trait)
            yield f"{trait} {value}", (_by_value(rule, value) - _by_value(rule, beside)) * coefficient if rule else 0.0
    for band in (band for band in TRUTH.employees if abs(band.coefficient) >= STRONG):
        middle = 5 if band.from_ is None else band.from_ * 2
        rule = rules.get("employees")
        yield f"employees {middle}", (_by_number(rule, middle) - _by_number(rule, 30)) * band.coefficient if rule else 0


def _by_value(rule: Rule, value: str) -> float:
    points = {str(key).lower(): float(of) for key, of in rule["values"].items()}
    return points.get(value.lower(), float(rule.get("other", 0)))


def _by_number(rule: Rule, number: float) -> float:
    inside = (one["points"] for one in rule["bands"] if one.get("from", number) <= number < one.get("below", 1e18))
    return float(next(inside, 0.0))


def learned(leads: int, seed: int) -> tuple[Found | None, float | None]:
    """What is learned from the leads of a seed, and the AUC on held-out ones; None where nothing was learned."""
    demo = generate(leads, seed=seed)
    history = read_history(demo.leads, demo.events, demo.outcomes)
    del demo
    result = learn(history, horizon=HORIZON, factors=FACTORS)
    history.engine.close()
    if result.text is None or result.held_out is None:
        return None, None
    return found_in(result.model.to_dict()), result.held_out.auc


def main() -> int:
    """Seed after seed, then the shares."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--leads", type=int, default=100_000)
    options = parser.parse_args()
    every = []
    for seed in range(options.first, options.first + options.seeds):
        began = time.process_time()
        found, auc = learned(options.leads, seed)
        if found is None:
            print(f"seed {seed}: nothing was learned", flush=True)
            every.append(Found({}, ("all",), ()))
            continue
        every.append(found)
        days = ", ".join(f"{name} {'-' if of is None else f'{of:g}'}" for name, of in found.half_lives.items())
        print(
            f"seed {seed}: AUC {auc:.3f}; {days}; {'all within 30 %' if all(found.close.values()) else 'NOT all'}; "
            f"wrong: {', '.join(found.wrong) or 'none'}; absent: {', '.join(found.absent) or 'none'}; "
            f"{time.process_time() - began:.0f} s",
            flush=True,
        )
    _print_shares(every)
    return 0


def _print_shares(every: list[Found]) -> None:
    names = [signal.name for signal in TRUTH.signals if signal.half_life_days]
    for name in names:
        print(f"{name}: within 30 % in {sum(one.close.get(name, False) for one in every)} of {len(every)}")
    print(f"all half-lives: {sum(bool(one.close) and all(one.close.values()) for one in every)} of {len(every)}")
    print(f"no sign wrong: {sum(not one.wrong for one in every)} of {len(every)}")
    signals = {signal.name for signal in TRUTH.signals}
    print(f"no sign of behaviour wrong or absent: "
          f"{sum(not signals & {*one.wrong, *one.absent} for one in every)} of {len(every)}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
