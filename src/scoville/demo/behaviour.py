"""What leads do: waves of interest that grow and cool, days with a burst of visits, mail, and the product trial.

A lead has a wave of interest when it comes and about one more each year. A wave lasts some months and brings a few
days on which the lead visits several times; on a `buying` day pricing pages, chats, demo requests and trials are
common, on others rare. Waves and buying days are hidden, and only the events they leave move the odds of buying (see
truth.py). A burst is over within its day and days are drawn independently, so that what a lead has done tells little
about what it will do: what a learner finds in the past is then the effect of the past.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.demo import pools
from scoville.demo.calendar import DAY_US, HOUR_US, MILLISECOND_US, off_weekends, office_instants
from scoville.demo.companies import draw_shares
from scoville.demo.people import BOT, BUYER, COMPETITOR, JOBSEEKER, SOURCE_NAMES, STUDENT, UNKNOWN

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoville.demo.calendar import Window
    from scoville.demo.columns import Floats, Ints
    from scoville.demo.people import People

EVENT_NAMES = (
    "session_started", "page_viewed", "email_opened", "email_clicked", "whitepaper_downloaded", "webinar_watched",
    "chat_started", "demo_requested", "trial_started", "feature_used", "invite_sent", "unsubscribed", "support_ticket",
)  # fmt: skip
(
    SESSION, PAGE, OPENED, CLICKED, WHITEPAPER, WEBINAR, CHAT, DEMO, TRIAL, FEATURE, INVITE, UNSUBSCRIBED, TICKET,
) = range(len(EVENT_NAMES))  # fmt: skip

PATHS = (*(path for path, _ in pools.PAGES), *pools.PRICING_PAGES[2:], *pools.CAREERS_PAGES)
FIRST_PRICING = len(pools.PAGES)
FIRST_CAREERS = FIRST_PRICING + len(pools.PRICING_PAGES[2:])

AD_CAMPAIGNS = tuple(f"ads-{ad}" for ad in pools.SEARCH_ADS)
NEWSLETTERS = tuple(f"newsletter-{number:02d}" for number in range(1, 53))
CAMPAIGNS = (*AD_CAMPAIGNS, *pools.WHITEPAPERS, *pools.WEBINARS, *NEWSLETTERS)
FIRST_WHITEPAPER = len(AD_CAMPAIGNS)
FIRST_WEBINAR = FIRST_WHITEPAPER + len(pools.WHITEPAPERS)
FIRST_NEWSLETTER = FIRST_WEBINAR + len(pools.WEBINARS)

WAVE_SHAPE, WAVE_SCALE_DAYS = 1.2, 90.0  # gamma: rises for some weeks, mean 108 days
BURSTS_PER_WAVE = 1.8
FURTHER_SESSIONS_PER_BURST = 0.8
FURTHER_WAVES_PER_YEAR = 1.2
BUYING_SHARE = 0.35
NEWSLETTER_DAYS = 14
YEAR_DAYS = 365.25

# How likely one visit brings the event: (event, on a buying day, on another day).
SIGNAL_RATES: tuple[tuple[int, float, float], ...] = (
    (CHAT, 0.13, 0.015),
    (DEMO, 0.10, 0.01),
    (TRIAL, 0.08, 0.008),
    (WEBINAR, 0.14, 0.05),
    (WHITEPAPER, 0.06, 0.08),
    (TICKET, 0.015, 0.01),
)
SIGNAL_CAMPAIGNS = {
    WHITEPAPER: (FIRST_WHITEPAPER, len(pools.WHITEPAPERS)),
    WEBINAR: (FIRST_WEBINAR, len(pools.WEBINARS)),
}
PRICING_RATES = (0.75, 0.08)  # pages per visit, likewise
CAREERS_RATE = 0.012

# What `events_per_lead` scales: pages per visit and uses of the product per trial, in this proportion.
PAGES_PER_VISIT, BOT_PAGES, USES_PER_TRIAL = 1.3, 8.0, 10.0
LEAST_VOLUME = 0.1
SHARE_KEPT = 0.955  # of all simulated events; wins and the end of the window cut the rest


@dataclass(frozen=True)
class Events:
    """One entry per event; `lead` is an index into the people, codes are indices into the name lists above.

    `path`, `feature`, `campaign` are UNKNOWN and `minutes` is NaN where they do not apply.
    """

    lead: Ints
    kind: Ints
    at_us: Ints
    path: Ints
    feature: Ints
    campaign: Ints
    minutes: Floats

    def __len__(self) -> int:
        """How many events."""
        return len(self.lead)

    def where(self, kept: npt.NDArray[np.bool_] | Ints) -> Events:
        """The events chosen by a mask or an order."""
        return Events(*(column[kept] for column in self.columns()))

    @classmethod
    def of(
        cls,
        lead: Ints,
        kind: int,
        at_us: Ints,
        *,
        path: Ints | None = None,
        feature: Ints | None = None,
        campaign: Ints | None = None,
        minutes: Floats | None = None,
    ) -> Events:
        """Events of one kind; properties that are not given do not apply."""
        absent = np.full(len(lead), UNKNOWN)
        path, feature, campaign = (absent if codes is None else codes for codes in (path, feature, campaign))
        minutes = np.full(len(lead), np.nan) if minutes is None else minutes
        return cls(lead, np.full(len(lead), kind), at_us, path, feature, campaign, minutes)

    @classmethod
    def together(cls, parts: list[Events]) -> Events:
        """All events of the parts, in their order."""
        return cls(*(np.concatenate(columns) for columns in zip(*(part.columns() for part in parts), strict=True)))

    def columns(self) -> tuple[Any, ...]:
        """The arrays, in the order of the fields."""
        return (self.lead, self.kind, self.at_us, self.path, self.feature, self.campaign, self.minutes)


@dataclass(frozen=True)
class _Sessions:
    """One entry per visit."""

    lead: Ints
    at_us: Ints
    buying: npt.NDArray[np.bool_]


def simulate(rng: np.random.Generator, people: People, window: Window, *, events_per_lead: float) -> Events:
    """All that the leads would do if none ever bought, in order of time, from creation to the end of the window.

    Visits, mail and everything that moves the odds do not depend on `events_per_lead`; ordinary pages and uses of the
    product fill up to it, but always leave some.
    """
    sessions = _draw_sessions(rng, people, window)
    parts = [
        _session_starts(rng, people, sessions),
        _telling_pages(rng, people, sessions),
        _signals(rng, people, sessions),
    ]
    trials = parts[-1].where(parts[-1].kind == TRIAL)
    parts += [*_mail(rng, people, window), _invitations(rng, people, window, trials)]
    wanted = events_per_lead / SHARE_KEPT * len(people) - sum(len(part) for part in parts)
    volume = max(wanted / _filling_at_volume_1(people, sessions, trials), LEAST_VOLUME)
    parts += [
        _ordinary_pages(rng, people, sessions, volume),
        _product_use(rng, people, window, trials, volume),
    ]
    events = Events.together(parts)
    events = events.where((events.at_us > people.created_us[events.lead]) & (events.at_us < window.end_us))
    return events.where(np.argsort(events.at_us, kind="stable"))


def _draw_sessions(rng: np.random.Generator, people: People, window: Window) -> _Sessions:
    """Visits: the first right after creation; then, as waves of interest bring them, days with a burst of visits."""
    wave_lead, wave_at = _draw_waves(rng, people, window)
    strength = rng.gamma(2.0, 0.5, len(wave_lead)) * np.where(people.persona[wave_lead] == COMPETITOR, 2.0, 1.0)
    wave = np.repeat(np.arange(len(wave_lead)), rng.poisson(BURSTS_PER_WAVE * strength))
    wait_days = rng.gamma(WAVE_SHAPE, WAVE_SCALE_DAYS, len(wave))
    burst_lead = np.concatenate([np.arange(len(people)), wave_lead[wave]])
    burst_at = np.concatenate([people.created_us, wave_at[wave] + (wait_days * DAY_US).astype(np.int64)])
    burst_at[len(people) :] = _in_office_hours(rng, people, window, wave_lead[wave], burst_at[len(people) :])
    buying = (people.persona[burst_lead] == BUYER) & (rng.random(len(burst_lead)) < BUYING_SHARE)
    burst = np.repeat(np.arange(len(burst_lead)), 1 + rng.poisson(FURTHER_SESSIONS_PER_BURST, len(burst_lead)))
    again = np.concatenate([[False], burst[1:] == burst[:-1]])
    later_ms = np.where(again, rng.integers(600_000, 4 * 3_600_000, len(burst)), rng.integers(1, 600_000, len(burst)))
    at_us = burst_at[burst] + later_ms * MILLISECOND_US
    seen = at_us < window.end_us
    return _Sessions(burst_lead[burst][seen], at_us[seen], buying[burst][seen])


def _draw_waves(rng: np.random.Generator, people: People, window: Window) -> tuple[Ints, Ints]:
    """Lead and start of each wave of interest."""
    remaining_us = window.end_us - people.created_us
    further = rng.poisson(FURTHER_WAVES_PER_YEAR * remaining_us / (YEAR_DAYS * DAY_US))
    lead = np.concatenate([np.arange(len(people)), np.repeat(np.arange(len(people)), further)])
    start = people.created_us[lead]
    start[len(people) :] += (rng.random(further.sum()) * remaining_us[lead[len(people) :]]).astype(np.int64)
    return lead, start


def _in_office_hours(rng: np.random.Generator, people: People, window: Window, lead: Ints, at_us: Ints) -> Ints:
    """The same day in the lead's office hours, seldom at weekends; bots do not care. Never before creation."""
    day = off_weekends(rng, window, (at_us - window.start_us) // DAY_US, keep=0.25)
    office = office_instants(rng, window, day, people.hours_ahead[lead])
    wanted = np.where(people.persona[lead] == BOT, at_us // MILLISECOND_US * MILLISECOND_US, office)
    soon = people.created_us[lead] + rng.integers(600_000, 7_200_000, len(lead)) * MILLISECOND_US
    return np.where(wanted > people.created_us[lead], wanted, soon)


def _session_starts(rng: np.random.Generator, people: People, sessions: _Sessions) -> Events:
    paid = people.source[sessions.lead] == SOURCE_NAMES.index("paid search")
    ad = rng.integers(0, len(AD_CAMPAIGNS), len(sessions.lead))
    return Events.of(sessions.lead, SESSION, sessions.at_us, campaign=np.where(paid, ad, UNKNOWN))


def _telling_pages(rng: np.random.Generator, people: People, sessions: _Sessions) -> Events:
    """Pages that move the odds: pricing on buying days, careers by persona."""
    persona = people.persona[sessions.lead]
    pricing = rng.poisson(np.where(sessions.buying | (persona == COMPETITOR), *PRICING_RATES))
    careers = rng.poisson(np.where(persona == JOBSEEKER, 1.2, np.where(persona == STUDENT, 0.3, CAREERS_RATE)))
    pricing_page = np.maximum(rng.integers(0, len(pools.PRICING_PAGES), pricing.sum()) - 2, 0)
    careers_page = rng.integers(0, len(pools.CAREERS_PAGES), careers.sum())
    visit = np.repeat(np.tile(np.arange(len(sessions.lead)), 2), np.concatenate([pricing, careers]))
    path = np.concatenate([FIRST_PRICING + pricing_page, FIRST_CAREERS + careers_page])
    return Events.of(sessions.lead[visit], PAGE, _during(rng, sessions.at_us[visit]), path=path)


def _ordinary_pages(rng: np.random.Generator, people: People, sessions: _Sessions, volume: float) -> Events:
    visit = np.repeat(np.arange(len(sessions.lead)), rng.poisson(volume * _pages_at_volume_1(people, sessions)))
    path = draw_shares(rng, [share for _, share in pools.PAGES], len(visit))
    return Events.of(sessions.lead[visit], PAGE, _during(rng, sessions.at_us[visit]), path=path)


def _filling_at_volume_1(people: People, sessions: _Sessions, trials: Events) -> float:
    return float(_pages_at_volume_1(people, sessions).sum() + USES_PER_TRIAL * len(trials))


def _pages_at_volume_1(people: People, sessions: _Sessions) -> Floats:
    """Ordinary pages expected of each visit; bots read far more."""
    return PAGES_PER_VISIT * np.where(people.persona[sessions.lead] == BOT, BOT_PAGES, 1.0)


def _during(rng: np.random.Generator, session_at_us: Ints) -> Ints:
    """A moment in the visit: within minutes of its start, to the millisecond."""
    minutes = 0.2 + rng.exponential(4.0, len(session_at_us))
    return session_at_us + (minutes * 60_000).astype(np.int64) * MILLISECOND_US


def _signals(rng: np.random.Generator, people: People, sessions: _Sessions) -> Events:
    """Chats, demo requests, trials, webinars, downloads and tickets, which happen during visits."""
    human = people.persona[sessions.lead] != BOT
    parts = []
    for kind, buying_rate, other_rate in SIGNAL_RATES:
        rate = np.where(sessions.buying, buying_rate, other_rate)
        visit = np.flatnonzero(human & (rng.random(len(rate)) < rate))
        lead, at_us = sessions.lead[visit], _during(rng, sessions.at_us[visit])
        first, choices = SIGNAL_CAMPAIGNS.get(kind, (UNKNOWN, 1))
        campaign = first + rng.integers(0, choices, len(visit))
        minutes = _minutes_watched(rng, len(visit)) if kind == WEBINAR else None
        parts.append(Events.of(lead, kind, at_us, campaign=campaign, minutes=minutes))
    return Events.together(parts)


def _minutes_watched(rng: np.random.Generator, count: int) -> Floats:
    watched: Floats = np.clip(60 * rng.beta(1.6, 1.2, count), 1, 60)
    return np.round(watched, 1)


def _mail(rng: np.random.Generator, people: People, window: Window) -> list[Events]:
    """A newsletter every other week until the lead unsubscribes; some open it, few click."""
    age_days = (window.end_us - people.created_us) / DAY_US
    until_unsubscribed = rng.geometric(np.where(people.persona == BUYER, 0.006, 0.01))
    sends = np.minimum((age_days / NEWSLETTER_DAYS).astype(np.int64), until_unsubscribed)
    lead = np.repeat(np.arange(len(people)), sends)
    nth = np.arange(len(lead)) - np.repeat(np.cumsum(sends) - sends, sends) + 1
    delay = rng.exponential(5.0, len(lead))  # hours until read
    sent_us = people.created_us[lead] + nth * NEWSLETTER_DAYS * DAY_US
    read_us = sent_us + (delay * HOUR_US).astype(np.int64) // MILLISECOND_US * MILLISECOND_US
    number = FIRST_NEWSLETTER + ((sent_us - window.start_us) // (7 * DAY_US)) % len(NEWSLETTERS)
    openness = np.where(people.persona == BOT, 0.0, rng.beta(1.1, 4.0, len(people)))
    opened = np.flatnonzero(rng.random(len(lead)) < openness[lead])
    clicked = opened[rng.random(len(opened)) < 0.14]  # noqa: PLR2004 - clicks per open
    last = np.flatnonzero(nth == until_unsubscribed[lead])
    at = {OPENED: read_us, CLICKED: _during(rng, read_us), UNSUBSCRIBED: read_us + 30_000 * MILLISECOND_US}
    chosen = ((OPENED, opened), (CLICKED, clicked), (UNSUBSCRIBED, last))
    return [Events.of(lead[rows], kind, at[kind][rows], campaign=number[rows]) for kind, rows in chosen]


def _product_use(rng: np.random.Generator, people: People, window: Window, trials: Events, volume: float) -> Events:
    """Use of the product after a trial has started: much at first, then less."""
    eagerness = rng.gamma(1.0, 1.0, len(trials))
    used = trials.where(np.repeat(np.arange(len(trials)), rng.poisson(USES_PER_TRIAL * volume * eagerness)))
    feature = draw_shares(rng, [24, 30, 20, 12, 6, 8], len(used))
    return Events.of(used.lead, FEATURE, _after_trial(rng, people, window, used), feature=feature)


def _invitations(rng: np.random.Generator, people: People, window: Window, trials: Events) -> Events:
    invited = trials.where(np.repeat(np.arange(len(trials)), rng.poisson(0.9, len(trials))))
    return Events.of(invited.lead, INVITE, _after_trial(rng, people, window, invited))


def _after_trial(rng: np.random.Generator, people: People, window: Window, trials: Events) -> Ints:
    later = trials.at_us + (rng.exponential(6.0, len(trials)) * DAY_US).astype(np.int64)
    office = _in_office_hours(rng, people, window, trials.lead, later)
    return np.maximum(office, _during(rng, trials.at_us))
