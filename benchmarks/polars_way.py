"""model.yaml by hand for Polars and this model alone: lazy, streaming. Same columns and values as the plan.

In: the two Parquet files of `workload.py`. Out: a data frame like the plan's `scores`. Called by `measure.py`.
"""

# ruff: noqa: PLR2004 - the numbers are those of model.yaml

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

RULES = {
    "email_opened": 2, "email_clicked": 3, "session_started": 4, "whitepaper_downloaded": 5, "webinar_watched": 6,
    "demo_requested": 7, "chat_started": 8, "unsubscribed": 9, "feature_used": 10, "form_submitted": 11,
}  # fmt: skip
NAMES = [
    "Pricing page", "Careers page", "Email opened", "Email clicked", "Session", "Whitepaper", "Webinar",
    "Demo requested", "Chat", "Unsubscribed", "Feature used", "Form",
    "Decision maker", "Company size", "Industry", "Country",
]  # fmt: skip
COLUMNS = [
    "lead_id", "score", "fit", "engagement", "grade", "level", "priority", "stage", "segment", "rank", "percentile",
    "disqualified_by", "reasons", "model", "model_version", "as_of",
]  # fmt: skip
US_PER_DAY = 86_400_000_000


def scores(leads: Path, events: Path, as_of: datetime) -> pl.DataFrame:
    """Every lead with its score, rank and reasons."""
    engagement = _engagement(_totals(pl.scan_parquet(events), as_of))
    summed = _summed(_fit(pl.scan_parquet(leads)).join(engagement, on="lead_id", how="left"))
    return _ranked(summed, as_of).collect(engine="streaming")


def _totals(events: pl.LazyFrame, as_of: datetime) -> pl.LazyFrame:
    """Per lead and rule the sum of the weights and the greatest one, which is the newest event's."""
    path = pl.col("path").str.strip_chars().str.to_lowercase()
    page = pl.when(path.str.starts_with("/pricing")).then(0).when(path.str.starts_with("/careers")).then(1)
    other = pl.col("event").replace_strict(RULES, default=None, return_dtype=pl.UInt8)
    age = (pl.lit(as_of) - pl.col("occurred_at")).dt.total_microseconds()
    fading = (age * (-0.6931471805599453 / (30 * US_PER_DAY))).exp()
    return (
        events.filter(pl.col("occurred_at") <= as_of)
        .with_columns(rule=pl.when(pl.col("event") == "page_viewed").then(page.cast(pl.UInt8)).otherwise(other))
        .filter(pl.col("rule").is_not_null())
        .with_columns(weight=pl.when(pl.col("rule") == 7).then((1 - age / (60 * US_PER_DAY)).clip(0)).otherwise(fading))
        .group_by("lead_id", "rule")
        .agg(total=pl.col("weight").sum(), newest=pl.col("weight").max())
    )


def _engagement(totals: pl.LazyFrame) -> pl.LazyFrame:
    """Per lead the points of all rules, of the group Email, and the keys of the reasons: tenths, then the rule."""
    total, newest, rule = pl.col("total"), pl.col("newest"), pl.col("rule")
    points = (
        pl.when(rule == 0).then((5 * total + 5 * newest).clip(upper_bound=25))
        .when(rule == 1).then((-5 * total).clip(lower_bound=-15))
        .when(rule == 2).then(total)
        .when(rule == 3).then(3 * total)
        .when(rule == 4).then(total.clip(upper_bound=8))
        .when(rule == 5).then((5 * total).clip(upper_bound=15))
        .when(rule == 6).then(8 * total)
        .when(rule == 7).then(5 * total + 20 * newest)
        .when(rule == 8).then(10 * total)
        .when(rule == 9).then(-30.0)
        .when(rule == 10).then((2 * total).clip(upper_bound=20))
        .otherwise(2 * total + 8 * newest)
    )  # fmt: skip
    tenths = (pl.col("points") * 10).round(mode="half_away_from_zero").cast(pl.Int32)
    place = 99 - rule.cast(pl.Int32)
    return (
        totals.with_columns(points=points)
        .with_columns(up=tenths * 100 + place, down=tenths * 100 - place)
        .group_by("lead_id")
        .agg(
            pl.col("points").sum(),
            email=pl.col("points").filter(rule.is_in([2, 3])).sum(),
            ups=pl.col("up").top_k(3),
            down=pl.col("down").filter(rule.is_in([1, 9])).min(),
        )
    )


def _fit(leads: pl.LazyFrame) -> pl.LazyFrame:
    title, industry, country = (
        pl.col(name).str.strip_chars().str.to_lowercase() for name in ("job_title", "industry", "country")
    )
    size = pl.col("employees")
    return leads.select(
        "lead_id",
        disqualified_by=pl.when(title.str.contains("student", literal=True)).then(pl.lit("Student")),
        maker=pl.when(title.is_in(["director", "vp sales"])).then(15).otherwise(0),
        size=pl.when(size < 10).then(-5).when(size >= 501).then(20).when(size >= 50).then(15).otherwise(0),
        industry=pl.when(industry == "software").then(10).when(industry == "finance").then(8).otherwise(0),
        country=pl.when(country.is_in(["us", "de"])).then(5).otherwise(0),
    )


def _summed(row: pl.LazyFrame) -> pl.LazyFrame:
    fit = (pl.col("maker") + pl.col("size") + pl.col("industry") + pl.col("country")).cast(pl.Float64)
    capped = pl.col("points").fill_null(0) - (pl.col("email").fill_null(0) - 10).clip(lower_bound=0)
    wide = [pl.col(name) * 1000 + 99 - rule for rule, name in enumerate(("maker", "size", "industry", "country"), 12)]
    ups = pl.concat_list([pl.col("ups").fill_null([]), *(key.cast(pl.Int32) for key in wide)])
    score = (pl.col("fit") + pl.col("engagement")).clip(0, 100)
    return (
        row.with_columns(
            fit=fit.clip(upper_bound=50),
            engagement=capped.clip(upper_bound=60),
            ups=ups.list.sort(descending=True),
            down=pl.min_horizontal("down", (pl.col("size") * 1000 - 86).cast(pl.Int32)),
        )
        .with_columns(score=pl.when(pl.col("disqualified_by").is_null()).then(score).otherwise(0.0))
    )  # fmt: skip


def _ranked(row: pl.LazyFrame, as_of: datetime) -> pl.LazyFrame:
    fit, engagement, score = pl.col("fit"), pl.col("engagement"), pl.col("score")
    is_fit, is_engaged = fit >= 20, engagement >= 15
    reasons = pl.concat_str([*(_gain(i) for i in range(3)), _loss()], separator="; ", ignore_nulls=True)
    out = pl.col("disqualified_by")
    return row.with_columns(
        grade=_first((fit >= 35, "A"), (fit >= 20, "B"), (fit >= 5, "C"), other="D"),
        level=_first((engagement >= 35, "1"), (engagement >= 15, "2"), (engagement >= 5, "3"), other="4"),
        priority=_first((is_fit & is_engaged, "hot"), (is_fit, "nurture"), (is_engaged, "engaged"), other="cold"),
        stage=_first(
            (out.is_not_null(), "Disqualified"), ((score >= 71) & is_fit, "SQL"), (score >= 41, "MQL"),
            (score >= 11, "Lead"), other="Prospect",
        ),
        segment=pl.lit(None, pl.String),
        rank=score.rank("min", descending=True).cast(pl.Int64),
        percentile=score.rank("max") / pl.len() * 100,
        reasons=pl.when(out.is_not_null()).then("Disqualified: " + out).otherwise(reasons.replace("", None)),
        model=pl.lit("Benchmark"),
        model_version=pl.lit("by hand"),
        as_of=pl.lit(as_of),
    ).select(COLUMNS)  # fmt: skip


def _first(*branches: tuple[pl.Expr, str], other: str) -> pl.Expr:
    """The word of the first branch that holds."""
    said = pl.lit(other)
    for holds, word in reversed(branches):
        said = pl.when(holds).then(pl.lit(word)).otherwise(said)
    return said


def _gain(place: int) -> pl.Expr:
    key = pl.col("ups").list.get(place, null_on_oob=True)
    return pl.when(key >= 100).then(_words("+", key))


def _loss() -> pl.Expr:
    key = -pl.col("down")
    return pl.when(key >= 100).then(_words("-", key))


def _words(sign: str, key: pl.Expr) -> pl.Expr:
    """`+12.4 Demo requested`."""
    digit = key // 100 % 10
    tenth = pl.when(digit > 0).then("." + digit.cast(pl.String)).otherwise(pl.lit(""))
    name = (99 - key % 100).replace_strict(dict(enumerate(NAMES)), default=None, return_dtype=pl.String)
    return pl.concat_str([pl.lit(sign), (key // 1000).cast(pl.String), tenth, pl.lit(" "), name])
