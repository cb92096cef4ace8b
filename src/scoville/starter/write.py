"""Factors -> the text of a model file, with limits, lines and comments that fit together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scoville.data.suggest import listed
from scoville.errors import DataError
from scoville.starter.engagement import GROUP, HALF_LIFE_DAYS, engagement_factors, group_limit
from scoville.starter.factors import comment, quoted, rule_lines
from scoville.starter.fit import fit_factors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.data.recognise import Recognition
    from scoville.starter.factors import Factor

# The usual lines of a scale of 100: Prospect to 10, Lead to 40, MQL to 70, SQL above.
STAGES = (("Prospect", 0), ("Lead", 11), ("MQL", 41), ("SQL", 71))
GRADES = (("A", 0.7), ("B", 0.4), ("C", 0.1), ("D", None))  # shares of the most that fit can give
LEVELS = (("1", 0.6), ("2", 0.3), ("3", 0.1), ("4", None))  # likewise of engagement
FIT_NEEDED = 0.2  # share of the most that fit can give, which a lead needs for sales


def starter_model(found: Recognition, name: str = "Starter model") -> str:
    """The text of a model file: 3 to 7 factors where the files have that many, stages, grades and levels.

    The points come from the kind of factor alone, never from outcomes. Columns that look as if they were written after
    the outcome are left out. The same recognition gives the same text.

    Raises:  DataError when no column of leads gives reason for points and there are no events.
    """
    fit, engagement = fit_factors(found), engagement_factors(found)
    if not any(factor.high for factor in (*fit, *engagement)):
        raise DataError(
            f"{found.leads.source}: no column says anything that a score could rest on, and there are no events. "
            "Add what you know about the leads (job title, company size, industry, country, e-mail), or what they did."
        )
    fit_most, engagement_most = _shares_of_the_scale(fit, engagement)
    fit, fit_high = _filling(fit, fit_most, None)
    limit = group_limit(engagement)
    engagement, engagement_high = _filling(engagement, engagement_most, limit)
    group = round(limit * _stretch(engagement_factors(found), engagement_most, limit)) if limit else None
    lines = [*_head(found, name), *_left_out(found)]
    if fit:
        lines += ["", *_section("fit", "Who they are. Facts do not fade.", fit, fit_high if engagement else None)]
    if engagement:
        half = "What they did. Interest cools: after the half-life half of the points are left."
        keys = [f"  decay: {{half_life: {HALF_LIFE_DAYS}d}}"]
        keys += (
            [f"  groups: {{{GROUP}: {{max: {group}}}}}                # looking alone makes nobody a buyer"]
            if group
            else []
        )
        lines += ["", *_section("engagement", half, engagement, engagement_high if fit else None, keys)]
    return "\n".join([*lines, "", *_lines(fit_high, engagement_high), ""])


# --- points ----------------------------------------------------------------------------------------------------------


def _shares_of_the_scale(fit: Sequence[Factor], engagement: Sequence[Factor]) -> tuple[int, int]:
    """The most that fit and engagement give, of 100: what rests on a single factor gets less."""
    of_fit = sum(factor.high > 0 for factor in fit)
    of_engagement = sum(factor.high > 0 for factor in engagement) + (group_limit(engagement) is not None)
    if not engagement:
        return 100, 0
    if not of_fit:
        return 0, (90 if fit else 100)  # beside a section that only takes away, one must not fill the scale
    if (of_fit == 1) == (of_engagement == 1):
        return (50, 60)
    return (30, 70) if of_fit == 1 else (60, 40)


def _stretch(factors: Sequence[Factor], most: int, limit: float | None) -> float:
    """What positive points are multiplied with, so that together they give `most`."""
    high = sum(factor.high for factor in factors) + (limit or 0)
    return most / high if high and most else 1.0


def _filling(factors: Sequence[Factor], most: int, limit: float | None) -> tuple[list[Factor], int]:
    """Factors whose positive points add up to about `most`, and what they add up to, at most `most`."""
    by = _stretch(factors, most, limit)
    scaled = [factor.scaled(by) for factor in factors]
    high = sum(factor.high for factor in scaled) + (round(limit * by) if limit else 0)
    return scaled, min(most, round(high)) if most else 0


# --- text ------------------------------------------------------------------------------------------------------------


def _head(found: Recognition, name: str) -> list[str]:
    files = " and ".join(Path(file.source).name for file in found.files() if file.kind in {"leads", "events"})
    outcome = found.outcome
    basis = (
        "Outcomes were found: set the scores beside them to see which points earn their place."
        if outcome
        else "Once you know who became a customer, set the scores beside that to see which points earn their place."
    )
    return [
        *comment(f"A first model for {files}, proposed by `scoville init` from names and values of the columns."),
        "#",
        *comment(f"THE POINTS ARE A STARTING GUESS from practice; nothing here was learned from your outcomes. {basis} "
                 "Change what sales would call differently, and score again."),
        "#",
        *comment("`scoville check model.yaml` tells what is wrong with it, `scoville explain` where points come from."),
        "",
        "scoville: 1",
        f"name: {quoted(name)}",
        "scale: {min: 0, max: 100}",
    ]  # fmt: skip


def _left_out(found: Recognition) -> list[str]:
    late = [caution for caution in found.leads.cautions if caution.kind == "afterwards"]
    if not late:
        return []
    told = [f"{caution.column}: {caution.reason}" for caution in late]
    text = f"Left out, because it may be written after the outcome was known ({'; '.join(told[:6])}"
    more = f"; also {listed(caution.column for caution in late[6:])}" if len(late) > 6 else ""  # noqa: PLR2004 - as above
    return ["", *comment(f"{text}{more}).")]


def _section(key: str, title: str, factors: Sequence[Factor], most: int | None, keys: Sequence[str] = ()) -> list[str]:
    limit = [f"  max: {most}"] if most else []
    rules = [line for factor in factors for line in ("", *rule_lines(factor))]
    return [*comment(title), f"{key}:", *limit, *keys, "  rules:", *rules[1:]]


def _lines(fit: int, engagement: int) -> list[str]:
    """Grades, levels, priorities and stages that the factors can reach."""
    lines = comment("Lowest fit of each letter, lowest engagement of each number; null: everything below.")
    lines += [f"grades: {_thresholds(GRADES, fit)}"] if fit else []
    lines += [f"levels: {_thresholds(LEVELS, engagement)}"] if engagement else []
    return [*lines, "", *_priorities(fit, engagement), "", *_stages(fit, engagement)]


def _thresholds(shares: Sequence[tuple[str, float | None]], most: int) -> str:
    named = (f"{name}: {'null' if share is None else max(1, round(share * most))}" for name, share in shares)
    return "{" + ", ".join(named) + "}"


def _priorities(fit: int, engagement: int) -> list[str]:
    head = ["priorities:                  # what to do with them: the first that holds"]
    if fit and engagement:
        return [
            *head,
            "  - {name: hot, when: {grade: [A, B], level: [1, 2]}}     # call now",
            "  - {name: nurture, when: {grade: [A, B]}}                # the right people, not yet interested",
            "  - {name: engaged, when: {level: [1, 2]}}                # interested, perhaps not your customers",
            "  - {name: cold}",
        ]
    key, best, next_ = ("grade", "A", "B") if fit else ("level", "1", "2")
    return [
        *head,
        f"  - {{name: hot, when: {{{key}: [{best}]}}}}",
        f"  - {{name: nurture, when: {{{key}: [{next_}]}}}}",
        "  - {name: cold}",
    ]


def _stages(fit: int, engagement: int) -> list[str]:
    """The usual lines; the highest asks for some fit too, so that interest alone calls nobody."""
    lines = [
        *comment(
            "The lines that marketing and sales agree on: move them until the calls are as many as sales can make."
        ),
        "stages:",
    ]
    for name, start in STAGES:
        needed = f", needs: {{fit: {{gte: {round(FIT_NEEDED * fit)}}}}}" if name == "SQL" and fit and engagement else ""
        lines.append(f"  - {{name: {name}, from: {start}{needed}}}")
    return lines
