"""A trial with living leads: how many it needs, who gets which variant, and what it shows, at any time.

In: rates, ids, counts. Out: frozen figures. Pure: `trial.py` reads the files. Called by the command line.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from scoville.errors import UsageError
from scoville.evidence.figures.sample import CONFIDENCE
from scoville.evidence.trial.always_valid import Arm, Sequence, leads_with_power
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Answer = Literal["better", "worse", "no difference shown yet", "cannot tell", "split is wrong"]

ALPHA = round(1 - CONFIDENCE, 9)  # without the last digits of a float
POWER = 0.8
PLANNED_LEADS = 10_000  # when nobody says how many: the interval is somewhat wider than need be far from it
ENOUGH = 10  # expected conversions in the smaller variant; with 5, uneven splits give false alarms 6 times in 100
WRONG_SPLIT = 0.001  # chance below which a split is not as planned; low, for it is looked at often
_HARDLY = 1e-6
_HEAVIEST = 1_000_000  # weight of a variant
_MOST_LEADS = 10**10  # more than there are people: beyond it, no equation is solved
_HEX_DIGITS = 13  # 52 bits: a double holds them exactly, in any language


@dataclass(frozen=True)
class Variant:
    """One way to treat leads, and the share of the leads that gets it, between 0 and 1."""

    name: str
    share: float


def variants_of(text: str) -> tuple[Variant, ...]:
    """Variants as written on the command line; the first is what the others are compared with.

    Raises:  UsageError for fewer than two, one named twice, or a weight that is not a number above 0.
    Example: `variants_of("current=80,new=20")[1]` -> Variant("new", 0.2)
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, weight = (piece.strip() for piece in part.partition("="))
        try:
            number = float(weight or "1")
        except ValueError:
            number = 0.0
        if not name or name in weights or not 0 < number <= _HEAVIEST:
            raise UsageError(
                f"--variants {text}: '{part.strip()}' is not a new name with a weight above 0, up to {_HEAVIEST:,}. "
                "Write them like current=50,new=50; the first is what the others are compared with"
            )
        weights[name] = number
    if len(weights) < 2:  # noqa: PLR2004 - it takes two
        raise UsageError(f"--variants {text}: a trial needs at least two, such as current=50,new=50")
    total = sum(weights.values())
    return tuple(Variant(name, weight / total) for name, weight in weights.items())


def alike(names: Iterable[str]) -> tuple[Variant, ...]:
    """Variants of equal shares, in the order of their names.

    Raises: UsageError for fewer than two.
    """
    ordered = sorted(names)
    if len(ordered) < 2:  # noqa: PLR2004 - it takes two
        found = f"only the variant {ordered[0]} was" if ordered else "no variant was"
        raise UsageError(f"{found} found; name all that were planned, such as --variants current=50,new=50")
    return tuple(Variant(name, 1 / len(ordered)) for name in ordered)


# Who gets which


def place_of(experiment: str, lead_id: str) -> float:
    """Where a lead falls between 0 (included) and 1, the same for ever: the first 13 hexadecimal digits of the SHA-256
    of `experiment:lead_id` in UTF-8, as a number, over 16^13.

    Example: place_of("welcome", "ada") -> 0.4479...
    """  # noqa: D205 - the formula is the sentence
    digest = hashlib.sha256(f"{experiment}:{lead_id}".encode()).hexdigest()
    return float(int(digest[:_HEX_DIGITS], 16) / 16**_HEX_DIGITS)


def variant_of(experiment: str, lead_id: str, variants: tuple[Variant, ...]) -> str:
    """The variant of a lead: the first whose shares, added up in their order, lie above the lead's place.

    It depends on the name of the experiment, the lead, and the variants with their order and shares; on nothing else.
    """
    place, upto = place_of(experiment, lead_id), 0.0
    for variant in variants[:-1]:
        upto += variant.share
        if place < upto:
            return variant.name
    return variants[-1].name


# How many leads it takes


@dataclass(frozen=True)
class Plan:
    """What a trial needs to show a rate of `expected` where `rate` is usual. `lift` is relative: 0.2 is a fifth more.

    `leads` is the number for one look at the end, `leads_when_peeking` for looking at any time, as `read` does; each is
    the sum of what the variants need, which stand in `per_variant` and `per_variant_when_peeking`. Weeks are None when
    it is not known how many leads come in a week.
    """

    rate: float
    lift: float
    expected: float
    alpha: float
    power: float
    leads: int
    leads_when_peeking: int
    per_variant: dict[str, int]
    per_variant_when_peeking: dict[str, int]
    leads_a_week: float | None
    weeks: float | None
    weeks_when_peeking: float | None

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def plan_experiment(
    rate: float,
    lift: float,
    variants: tuple[Variant, ...],
    *,
    leads_a_week: float | None = None,
    power: float = POWER,
    alpha: float = ALPHA,
) -> Plan:
    """How many leads each variant needs, so that a lift worth having is shown.

    For one look at the end: the two-sided test of two proportions by Cohen's effect size h (1988, chapter 6), as
    statsmodels has it. With more than two variants, each is tested against the first at alpha divided by their number.

    Raises: UsageError for rates, lifts, power or alpha that make no sense.
    """
    from scipy.stats import norm  # noqa: PLC0415 - takes a second
    from statsmodels.stats.power import NormalIndPower  # noqa: PLC0415 - likewise
    from statsmodels.stats.proportion import proportion_effectsize  # noqa: PLC0415 - likewise

    expected = rate * (1 + lift)
    _check_plan(rate, lift, expected, power, alpha, leads_a_week)
    each, control = alpha / (len(variants) - 1), variants[0].share
    once, often = 0.0, 0.0
    for variant in variants[1:]:
        h = abs(proportion_effectsize(expected, rate))
        _check_leads((norm.isf(each / 2) + norm.ppf(power)) ** 2, h, variant.share)
        of_control = NormalIndPower().solve_power(h, alpha=each, power=power, ratio=variant.share / control)
        once = max(once, float(of_control) / control)
        pair = control + variant.share
        sd = math.sqrt(pair * (rate * (1 - rate) / control + expected * (1 - expected) / variant.share))
        often = max(often, leads_with_power(abs(expected - rate), sd, each, float(norm.ppf(power))) / pair)
    per_once, per_often = ({v.name: math.ceil(total * v.share) for v in variants} for total in (once, often))
    leads, peeking = sum(per_once.values()), sum(per_often.values())
    return Plan(
        rate, lift, expected, alpha, power, leads, peeking, per_once, per_often, leads_a_week,
        leads / leads_a_week if leads_a_week else None, peeking / leads_a_week if leads_a_week else None,
    )  # fmt: skip


def _check_plan(rate: float, lift: float, expected: float, power: float, alpha: float, a_week: float | None) -> None:
    if not 0 < rate < 1:
        raise UsageError(f"the usual conversion rate must lie between 0 and 1, not {rate:g}; write 5% as 0.05 or 5%")
    if lift == 0 or not 0 < expected < 1:
        raise UsageError(
            f"a lift of {lift:+.0%} makes {rate:.1%} to {expected:.1%}, which no trial can show; "
            "the new rate must be another one between 0 and 100%. 20% means a fifth more than usual"
        )
    for name, value, least, most in (("power", power, 0.5, 0.9999), ("alpha", alpha, 1e-6, 0.4)):
        if not least <= value <= most:
            raise UsageError(f"--{name} must lie between {least:g} and {most:g}, not {value:g}")
    if a_week is not None and not 0 < a_week < math.inf:
        raise UsageError(f"--per-week must be a number above 0, not {a_week:g}")


def _check_leads(chances: float, h: float, share: float) -> None:
    """Raises: UsageError where one variant alone would need more leads than there are."""
    if chances > _MOST_LEADS * share * h**2:
        raise UsageError(
            f"that takes more than {_MOST_LEADS:,} leads: give a greater --lift, or --variants more alike in weight"
        )


# What it shows


@dataclass(frozen=True)
class Split:
    """Whether the leads are split as planned: `p` is the chance of a split as far off, or farther (chi-square test)."""

    p: float
    is_as_planned: bool


@dataclass(frozen=True)
class VariantRate:
    """What one variant shows: leads, conversions, rate, and an interval that holds however often one looks."""

    name: str
    share: float
    leads: int
    conversions: int
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Effect:
    """A variant against the first: the difference in conversion rate, with an interval that holds at any time.

    `more_leads` is how many further ones, in all variants, would show the difference if it stays as it is; None when
    it is shown, or when no number would do.
    """

    name: str
    difference: float | None
    low: float | None
    high: float | None
    more_leads: int | None
    answer: Answer
    verdict: str


@dataclass(frozen=True)
class Reading:
    """What a trial shows so far. `planned` is the number of leads for which the intervals are narrowest."""

    variants: tuple[VariantRate, ...]
    split: Split
    effects: tuple[Effect, ...]
    planned: int
    alpha: float
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def read_experiment(
    counts: Mapping[str, Arm],
    variants: tuple[Variant, ...],
    *,
    planned: int = PLANNED_LEADS,
    alpha: float = ALPHA,
) -> Reading:
    """What a trial shows so far; look as often as you like.

    `planned` is the number of leads in all that was planned before the trial began; it decides where the intervals are
    narrowest, and must not follow what the trial shows.

    Raises: UsageError for leads of a variant that is not among `variants`, and for a plan of no leads.
    """
    if unknown := sorted(set(counts) - {variant.name for variant in variants}):
        raise UsageError(
            f"leads have the variant {', '.join(unknown)}, which is not among {', '.join(v.name for v in variants)}: "
            "name all of them with their shares, such as --variants current=50,new=50"
        )
    if planned < 1:
        raise UsageError(f"--planned must be at least 1 lead, not {planned}")
    arms = {variant.name: counts.get(variant.name, Arm(0, 0)) for variant in variants}
    split = _split(arms, variants)
    each = alpha / (len(variants) - 1)
    effects = tuple(_effect(variant, variants[0], arms, Sequence(each, planned), split) for variant in variants[1:])
    rates = tuple(_rate(variant, arms[variant.name], Sequence(alpha, planned * variant.share)) for variant in variants)
    return Reading(rates, split, effects, planned, alpha, _reading(arms, variants, split, effects))


def _split(arms: Mapping[str, Arm], variants: tuple[Variant, ...]) -> Split:
    from scipy.stats import chisquare  # noqa: PLC0415 - takes a second

    leads = [arms[variant.name].leads for variant in variants]
    if not sum(leads):
        return Split(1.0, is_as_planned=True)
    p = float(chisquare(leads, [sum(leads) * variant.share for variant in variants]).pvalue)
    return Split(p, p >= WRONG_SPLIT)


def _rate(variant: Variant, arm: Arm, sequence: Sequence) -> VariantRate:
    if not arm.leads:
        return VariantRate(variant.name, variant.share, 0, 0, None, None, None)
    low, high = sequence.of_rate(arm)
    return VariantRate(variant.name, variant.share, arm.leads, arm.conversions, arm.rate, low, high)


def _effect(variant: Variant, control: Variant, arms: Mapping[str, Arm], all_leads: Sequence, split: Split) -> Effect:
    arm, usual = arms[variant.name], arms[control.name]
    if reason := _too_little(arm, usual):
        return Effect(variant.name, None, None, None, None, "cannot tell", reason)
    pair = control.share + variant.share
    sequence = Sequence(all_leads.alpha, all_leads.planned * pair)
    difference, (low, high) = arm.rate - usual.rate, sequence.of_difference(arm, usual)
    said = (
        f"{variant.name} {arm.rate:.2%} against {control.name} {usual.rate:.2%}, "
        f"{100 * difference:+.2f} points ({100 * low:+.2f} to {100 * high:+.2f})"
    )
    if not split.is_as_planned:
        return Effect(variant.name, difference, low, high, None, "split is wrong", f"not to be believed: {said}")
    if low > 0 or high < 0:
        answer: Answer = "better" if low > 0 else "worse"
        return Effect(variant.name, difference, low, high, None, answer, f"{variant.name} is {answer}: {said}")
    needed = sequence.leads_to_show(difference, arm, usual) if difference else None
    more = None if needed is None else math.ceil(max(0, needed - arm.leads - usual.leads) / pair)
    wait = (
        "It is so small that hardly any number of leads would show it"
        if more is None
        else f"If it stays so, about {counted(_roughly(more), 'more lead')} would show it"
    )
    verdict = f"no difference shown yet: {said}. {wait}"
    return Effect(variant.name, difference, low, high, more, "no difference shown yet", verdict)


def _too_little(arm: Arm, control: Arm) -> str | None:
    """Why nothing can be told: fewer than 10 conversions, or leads without, would be expected in the smaller of both.

    Expected, not seen: a variant without any conversion among thousands of leads does tell something.
    """
    smaller, leads = min(arm.leads, control.leads), arm.leads + control.leads
    conversions = arm.conversions + control.conversions
    if not smaller:
        return "cannot tell: a variant has no leads yet"
    if smaller * min(conversions, leads - conversions) < ENOUGH * leads:
        return f"cannot tell yet: {counted(conversions, 'conversion')} among {counted(leads, 'lead')}"
    return None


def _roughly(number: int) -> int:
    """Two digits: more would look surer than it is."""
    return round(number, 2 - len(str(number)))


def _reading(arms: Mapping[str, Arm], variants: tuple[Variant, ...], split: Split, effects: tuple[Effect, ...]) -> str:
    if split.is_as_planned:
        return "; ".join(effect.verdict for effect in effects)
    leads = " to ".join(f"{arms[variant.name].leads:,}" for variant in variants)
    shares = " to ".join(f"{100 * variant.share:g}" for variant in variants)
    return (
        f"do not believe it: {leads} leads came in where {shares} was planned, which chance hardly does "
        f"(p {_chance(split.p)}). Find out first which leads are lost, or counted twice, on one side"
    )


def _chance(p: float) -> str:
    return f"= {p:.1g}" if p > _HARDLY else f"< {_HARDLY:g}"
