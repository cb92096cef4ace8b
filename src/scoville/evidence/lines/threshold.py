"""Where to put the line? For each wish the line that grants it, what it trades, and what it would have meant before.

In: a history, the plan of a model, and wishes. Out: `Thresholds`. Called by the command line and by notebooks. Read
`thresholds` first; the arithmetic is in `crossings.py`, `wishes.py` and `customers.py`, all of it on plain arrays.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scoville.errors import DataError, UsageError
from scoville.evidence.figures.sample import counted
from scoville.evidence.history import DEFAULT_HORIZON, History
from scoville.evidence.lines.choices import Choice, Chooser, choices
from scoville.evidence.lines.crossings import crossings, lines_for
from scoville.evidence.lines.customers import HELD, LastCustomers, Purchases, last_customers
from scoville.evidence.lines.trade_off import SHARES, Reach, spread
from scoville.evidence.lines.wishes import Wishes
from scoville.evidence.snapshots import MOST_SNAPSHOTS, Panel, Span, build_panel, snapshot_instants

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from scoville.evidence.figures.sample import Floats
    from scoville.evidence.lines.crossings import Crossings
    from scoville.model.load import Model
    from scoville.plan.compile import Plan

Section = Literal["score", "fit", "engagement"]
SECTIONS: tuple[Section, ...] = ("score", "fit", "engagement")
DEFAULT_WEEKS = 26
MOST_ROWS = 20_000_000  # open leads times weeks: what fits into about 4 GB beside the data
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
_NEXT = "MQL"  # what a line is called where the model has no stages yet


@dataclass(frozen=True)
class Thresholds:
    """Lines for a score, or for one section of it.

    `curve` holds a dozen lines from the highest down, and every chosen one. `weeks` is the time over which new leads
    were counted; None where there is one snapshot, and figures are of the leads that stood there. `today` are the lines
    that the model has now. `write` is the first wished line as it stands in a model file; None where there is none.
    """

    model: str
    model_version: str
    section: Section
    horizon_days: float | None
    snapshots: tuple[datetime, ...]
    known_snapshots: int
    weeks: float | None
    buyers: int
    cost: float | None
    value: float | None
    cannot_tell: str | None
    curve: tuple[Reach, ...]
    choices: tuple[Choice, ...]
    today: tuple[Choice, ...]
    customers: LastCustomers
    write: str | None
    notes: tuple[str, ...]

    @property
    def all_met(self) -> bool:
        """Whether there is a line for every wish."""
        return all(choice.is_met for choice in self.choices)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON. Instants are ISO 8601 and end in Z."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a field holds
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value


def thresholds(  # noqa: PLR0913 - what to ask, and of which past
    history: History,
    plan: Plan,
    wishes: Wishes | None = None,
    *,
    section: Section = "score",
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "weekly",
    weeks: int = DEFAULT_WEEKS,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Thresholds:
    """Lines for the wishes, from the past of a model.

    With `snapshots` weekly, the newest `weeks` whose horizon is over, and those since: the latter show how many leads
    come now, and where the last customers stood. Else the snapshots of `History.panel`.

    Raises:  UsageError; DataError when no snapshot has its horizon within the data.
    Example: `thresholds(history, history.plan("model.yaml"), Wishes(capacity_per_week=40)).choices[0].sentence`
    """
    panel, known = look_back(history, plan, horizon, snapshots, weeks, progress)
    bought = _purchases(history) if panel.horizon is not None else None
    return thresholds_of(panel, plan.model, wishes, section=section, known=known, bought=bought)


def thresholds_of(
    panel: Panel,
    model: Model,
    wishes: Wishes | None = None,
    *,
    section: Section = "score",
    known: int | None = None,
    bought: Purchases | None = None,
) -> Thresholds:
    """The same from a panel alone. `known` snapshots have their horizon within the data; None: all.

    Without `bought`, nothing is said of the last customers.
    """
    wishes = wishes or Wishes()
    score: Floats = getattr(panel, section)
    today = {name: line for name, line in _lines_of(model, section).items() if line > score.min()}
    customers = _customers(panel, score, bought, wishes.last_customers)
    exact = (*today.values(), *(() if customers.line is None else (customers.line,)))
    found = crossings(panel, score, lines_for(score, exact), known)
    chooser = Chooser(found, wishes)
    wished = (*choices(chooser), *(() if wishes.any_given else _from_customers(chooser, customers)))
    there = tuple(chooser.given("today", name, _place(found, line)) for name, line in today.items())
    first = next((choice.at for choice in wished if choice.is_met and choice.at is not None), None)
    return Thresholds(
        model=model.name,
        model_version=model.version,
        section=section,
        horizon_days=panel.horizon / _DAY if panel.horizon is not None else None,
        snapshots=panel.as_of,
        known_snapshots=found.known,
        weeks=found.weeks,
        buyers=found.buyers,
        cost=wishes.cost,
        value=chooser.value,
        cannot_tell=chooser.cannot_tell,
        curve=_curve(chooser, (*wished, *there)),
        choices=wished,
        today=there,
        customers=customers,
        write=_written(model, section, first.threshold) if first is not None else None,
        notes=tuple(_notes(found, panel, bought)),
    )


def section_named(text: str) -> Section:
    """The section of a name. Raises: UsageError."""
    for section in SECTIONS:
        if section == text.strip().lower():
            return section
    raise UsageError(f"a section is one of {', '.join(SECTIONS)}: found '{text}'")


# The past, week by week


def look_back(
    history: History,
    plan: Plan,
    horizon: timedelta,
    snapshots: str,
    weeks: int,
    progress: Callable[[int, int], None],
) -> tuple[Panel, int]:
    """The panel that lines are chosen by, and how many of its snapshots have their horizon within the data."""
    if snapshots != "weekly" or not history.outcomes.has_dates:
        panel = history.panel(plan, horizon, snapshots, progress)
        return panel, len(panel.as_of)
    leads = int(history.engine.arrow("SELECT count(*) AS leads FROM leads")["leads"][0].as_py())
    instants, known = weekly(history.span, horizon, weeks, max(2, MOST_ROWS // max(leads, 1)))
    history.bind(plan, instants[0])
    panel = build_panel(
        history.engine, plan, instants, horizon, history.won, progress=lambda done: progress(done, len(instants))
    )
    if not (panel.snapshot < known).any():
        raise DataError("no lead was open in any of the weeks: were all created after them? See --snapshots")
    return panel, known


def weekly(span: Span, horizon: timedelta, weeks: int, most: int = MOST_SNAPSHOTS) -> tuple[tuple[datetime, ...], int]:
    """Instants a week apart, rising, and how many have their horizon within the data: at most `weeks` + 1.

    One more than weeks, because the first only says who stood where already. The others follow it up to the end of the
    data; all together are at most `most`, and at most 60. At midnight, so that runs on one day look at the same weeks.

    Raises: UsageError for less than one week; DataError when no horizon lies within the data.
    """
    if weeks < 1:
        raise UsageError(f"weeks must be 1 or more: found {weeks}")
    most = min(most, MOST_SNAPSHOTS)
    newest = (span.end - horizon).replace(hour=0, minute=0, second=0, microsecond=0)
    count = min(weeks + 1, most, (newest - span.start) // _WEEK + 1 if newest > span.start else 0)
    if count < 1:
        snapshot_instants("weekly", span, horizon)  # says which horizon would do
        count = 1
    since = min(most - count, (span.end - newest) // _WEEK)
    return tuple(newest + step * _WEEK for step in range(1 - count, since + 1)), count


def _purchases(history: History) -> Purchases:
    """When each lead that bought was created and bought, as the panel numbers them."""
    rows = history.engine.arrow(
        "SELECT lead_no, created_at, won_at FROM panel_leads WHERE won_at IS NOT NULL ORDER BY won_at, lead_no"
    )
    created, won = (rows[name].to_numpy().astype("datetime64[us]") for name in ("created_at", "won_at"))
    return Purchases(rows["lead_no"].to_numpy(), created, won)


# The last customers


def _customers(panel: Panel, score: Floats, bought: Purchases | None, wanted: int) -> LastCustomers:
    if bought is None:
        return LastCustomers(wanted, 0, 0, None, cannot_tell="cannot tell: outcomes have no dates, so none is the last")
    return last_customers(panel, score, bought, wanted)


def _from_customers(chooser: Chooser, customers: LastCustomers) -> Iterator[Choice]:
    """The line that holds 80 % of the last customers, as one more to look at."""
    wish = f"where {HELD:.0%} of the last {counted(customers.customers, 'customer')} stood"
    if customers.line is None:
        yield chooser.unmet("customers", wish, customers.cannot_tell or "cannot tell")
        return
    choice = chooser.given("customers", wish, _place(chooser.found, customers.line))
    yield replace(choice, line_low=customers.line_low, line_high=customers.line_high)


def _place(found: Crossings, line: float) -> int:
    """The highest line that is not above this one."""
    return max(0, int(np.searchsorted(found.lines, line, side="right")) - 1)


# What is shown


def _curve(chooser: Chooser, chosen: tuple[Choice, ...]) -> tuple[Reach, ...]:
    """A dozen lines over the whole range, and all that are chosen; each once, from the highest down."""
    found = chooser.found
    shown = {int(place) for place in spread(found.standing[: found.known].sum(axis=0), SHARES)}
    shown |= {_place(found, choice.at.threshold) for choice in chosen if choice.at is not None}
    return tuple(chooser.at(place) for place in sorted(shown, reverse=True))


def _lines_of(model: Model, section: Section) -> dict[str, float]:
    """The lines that a model draws through this section: stages, grades or levels."""
    if section == "score":
        return {stage.name: stage.from_ for stage in model.stages}
    letters = model.grades if section == "fit" else model.levels
    kind = "grade" if section == "fit" else "level"
    return {f"{kind} {name}": line for name, line in (letters or {}).items() if line is not None}


def _written(model: Model, section: Section, line: float) -> str:
    """How the line is written into the model file: into its stage MQL, else into the last, else as a new one."""
    names = [stage.name for stage in model.stages]
    name = next((each for each in names if each.lower() == _NEXT.lower()), names[-1] if names else _NEXT)
    old = next((stage.from_ for stage in model.stages if stage.name == name), None)
    if section != "score":
        return f"stages:\n  - {{name: {name}, from: {old or 0:g}, needs: {{{section}: {{gte: {line:g}}}}}}}"
    return f"stages:\n  - {{name: {name}, from: {line:g}}}" + (f"  # was {old:g}" if old is not None else "")


def _notes(found: Crossings, panel: Panel, bought: Purchases | None) -> Iterator[str]:
    if panel.horizon is None:
        yield "outcomes have no dates: leads are judged as they are now, which may know the outcome already"
    if found.weeks is None:
        yield "there is one snapshot: nobody can tell how many leads are new each week, so lines run through its list"
    elif max(after - before for before, after in itertools.pairwise(panel.as_of)) > _WEEK:
        yield "snapshots lie more than a week apart: who rose above a line and fell again in between is not counted"
    if bought is not None and (unseen := _unseen(panel, bought)):
        yield f"{counted(unseen, 'lead')} came and bought between two snapshots: no line counts them"


def _unseen(panel: Panel, bought: Purchases) -> int:
    """Leads that bought within the snapshots, but were open at none."""
    instants = np.array(panel.as_of, dtype="datetime64[us]")
    inside = (bought.won_at > instants[0]) & (bought.won_at <= instants[-1])
    created, won = bought.created_at[inside], bought.won_at[inside]
    return int((np.searchsorted(instants, created) >= np.searchsorted(instants, won)).sum())
