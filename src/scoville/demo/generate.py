"""The demo data as Arrow tables: people, what they do and how it ends, block by block.

Leads come in blocks of 20,000. Each block has its own random stream, the child of the seed with the block's number
(`numpy.random.SeedSequence(seed, spawn_key=(block,))`), its own companies, and depends on nothing but the arguments
of `generate`. So the same arguments give the same rows, however many blocks are held in memory at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scoville.demo import behaviour, deals, dirt, people
from scoville.demo.calendar import DAY_US, Window, naive_utc, to_microseconds
from scoville.demo.columns import instants, numbered, numbers, words
from scoville.demo.pools import FEATURES
from scoville.demo.truth import TRUTH, Truth
from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from scoville.demo.columns import Floats, Ints

BLOCK_LEADS = 20_000
EVENT_ID_ROOM = 100_000_000  # numbers set aside for the events of one block
DEFAULT_END = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere in the relations


@dataclass(frozen=True)
class Recipe:
    """All that the rows depend on. `end` and `months` are in `window`; `dirt` is the share of rows to spoil."""

    n_leads: int
    seed: int
    window: Window
    events_per_lead: float
    dirt: float = 0.0
    truth: Truth = TRUTH

    def __post_init__(self) -> None:
        """Refuse what makes no sense, with a reason."""
        if self.n_leads < 1:
            raise UsageError(f"n_leads is {self.n_leads}, but must be at least 1.")
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed}, but must not be below 0.")
        if not 1 <= self.events_per_lead <= EVENT_ID_ROOM / BLOCK_LEADS / 2:
            raise UsageError(f"events_per_lead is {self.events_per_lead}, but must be from 1 to 2500.")
        if not 0 <= self.dirt <= 1:
            raise UsageError(f"dirt is {self.dirt}, but must be a share from 0 to 1.")

    def blocks(self) -> Iterator[Demo]:
        """The data set, 20,000 leads at a time."""
        for block in range(-(-self.n_leads // BLOCK_LEADS)):
            yield _simulate_block(self, block)


@dataclass(frozen=True)
class Demo:
    """A demo data set (or one block of it) with its hidden truth.

    `leads`, `events`, `outcomes` and `accounts` are what a team would have. `hidden` has one row per lead that was
    simulated, with what nobody sees: lead_id, created_at, won_at, persona, seniority, email_kind, fit_log_odds. Rows
    that `dirt` added to the tables are not in it. `course` holds the hidden log-odds of each day, in the order of
    `hidden`.
    """

    leads: pa.Table
    events: pa.Table
    outcomes: pa.Table
    accounts: pa.Table
    hidden: pa.Table
    window: Window
    truth: Truth
    course: deals.Course

    def log_odds(self, as_of: datetime) -> Floats:
        """True log-odds of buying on the day that begins at `as_of`, in the order of `hidden`.

        Nulls:   -inf for leads that do not exist yet. Leads that have bought get what they would have without.
        Raises:  UsageError unless as_of is a midnight (UTC) inside the window.
        """
        return self.course.log_odds[:, self._day(as_of)].astype(np.float64)

    def conversion_probability(self, as_of: datetime, horizon_days: int) -> Floats:
        """True probability of winning in [as_of, as_of + horizon_days), given not won before; in the order of `hidden`.

        It knows what the lead is going to do in that time: given this, leads win independently of each other.
        Raises:  UsageError unless as_of is a midnight (UTC) and the horizon ends inside the window.
        Source:  1 - prod(1 - p_d) over the working days, p_d = 1 / (1 + exp(-log_odds of day d)).
        """
        day = self._day(as_of)
        if horizon_days < 1 or day + horizon_days > self.window.days:
            raise UsageError(
                f"{horizon_days} days from {as_of} do not end by {self.window.end}. Take an earlier as_of."
            )
        return -np.expm1(-self.course.hazard(self.window, day, day + horizon_days))

    def open_at(self, as_of: datetime) -> npt.NDArray[np.bool_]:
        """Which leads a snapshot at `as_of` holds: created by then and not yet won; in the order of `hidden`."""
        at = pa.scalar(naive_utc(as_of), pa.timestamp("us"))
        created = self.hidden["created_at"].to_numpy() <= at.as_py()
        return np.asarray(created & ~(self.hidden["won_at"].to_numpy() <= np.datetime64(at.as_py())))

    def _day(self, as_of: datetime) -> int:
        since_us = to_microseconds(naive_utc(as_of)) - self.window.start_us
        day, rest = divmod(since_us, DAY_US)
        if rest or not 0 <= day < self.window.days:
            raise UsageError(
                f"as_of is {as_of}, but the hidden course is known at midnights (UTC) from {self.window.start} "
                f"to {self.window.end}, the last not included."
            )
        return day


def generate(
    n_leads: int,
    *,
    seed: int = 1,
    end: datetime = DEFAULT_END,
    months: int = 12,
    events_per_lead: float = 20,
    dirt: float = 0.0,
    truth: Truth = TRUTH,
) -> Demo:
    """A believable B2B SaaS data set in memory, and the truth behind it.

    Shape:   about `events_per_lead` events per lead before wins cut them short. What moves the odds does not depend on
             it; ordinary page views and uses of the product do, so less than about 14 over 12 months cannot be had.
             About 25 KB per lead while in memory; for millions of leads use `write`.
    Units:   times are naive UTC; cost and value are dollars; `dirt` is a share of rows, from 0 to 1.
    Raises:  UsageError for sizes that make no sense.
    Example: generate(1_000, seed=7).leads.num_rows == 1000
    """
    recipe = Recipe(n_leads, seed, Window.before(end, months), events_per_lead, dirt, truth)
    return _together(list(recipe.blocks()))


def _simulate_block(recipe: Recipe, block: int) -> Demo:
    seeds = np.random.SeedSequence(recipe.seed, spawn_key=(block,)).spawn(5)
    who_dice, forms_dice, behaviour_dice, deals_dice, dirt_dice = (np.random.default_rng(seed) for seed in seeds)
    first = block * BLOCK_LEADS
    count = min(BLOCK_LEADS, recipe.n_leads - first)
    who = people.draw_people(who_dice, first, count, recipe.window)
    fit = people.fit_log_odds(who, recipe.truth)
    done = behaviour.simulate(behaviour_dice, who, recipe.window, events_per_lead=recipe.events_per_lead)
    course = deals.run_course(deals_dice, who, fit, done, recipe.window, recipe.truth)
    outcomes = deals.draw_outcomes(deals_dice, who, course, recipe.window)
    won_us = outcomes.won_us(count)
    tables = dirt.Tables(
        leads=people.leads_table(forms_dice, who),
        events=_events_table(done.where(done.at_us < won_us[done.lead]), who, block),
    )
    tables = dirt.spoil(dirt_dice, tables, recipe.dirt)
    return Demo(
        leads=tables.leads,
        events=tables.events,
        outcomes=outcomes.table(who),
        accounts=_accounts_table(who),
        hidden=_hidden_table(who, fit, won_us),
        window=recipe.window,
        truth=recipe.truth,
        course=course,
    )


def _events_table(events: behaviour.Events, who: people.People, block: int) -> pa.Table:
    """The relation `events`, in order of time within the block."""
    number = block * EVENT_ID_ROOM + np.arange(len(events))
    return pa.table(
        {
            "event_id": numbered("e", number, digits=13),
            "lead_id": numbered("L", who.number[events.lead], digits=8),
            "event": words(behaviour.EVENT_NAMES, events.kind),
            "occurred_at": instants(events.at_us),
            "path": words(behaviour.PATHS, events.path),
            "minutes": numbers(events.minutes, pa.float64()),
            "feature": words(FEATURES, events.feature),
            "campaign": words(behaviour.CAMPAIGNS, events.campaign),
        }
    )


def _accounts_table(who: people.People) -> pa.Table:
    """The companies of which at least one person is a lead."""
    known = np.unique(who.company[who.company != people.UNKNOWN])
    return who.companies.table().take(pa.array(known))


def _hidden_table(who: people.People, fit: Floats, won_us: Ints) -> pa.Table:
    never = won_us == deals.NEVER
    return pa.table(
        {
            "lead_id": numbered("L", who.number, digits=8),
            "created_at": instants(who.created_us),
            "won_at": pa.array(won_us, mask=never).cast(pa.timestamp("us")),
            "persona": words(people.PERSONA_NAMES, who.persona),
            "seniority": words(people.SENIORITY_NAMES, who.seniority),
            "email_kind": words(people.EMAIL_KINDS, who.email_kind),
            "fit_log_odds": pa.array(fit),
        }
    )


def _together(blocks: list[Demo]) -> Demo:
    leads, events, outcomes, accounts, hidden = (
        pa.concat_tables([getattr(block, name) for block in blocks]).combine_chunks()
        for name in ("leads", "events", "outcomes", "accounts", "hidden")
    )
    course = deals.Course.together([block.course for block in blocks])
    return Demo(leads, events, outcomes, accounts, hidden, blocks[0].window, blocks[0].truth, course)
