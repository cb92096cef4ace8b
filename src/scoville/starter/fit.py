"""Columns of leads -> factors of `fit`: who they are.

A list of proposals, the best known first. Each looks at what was recognised and answers with a factor or nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoville.data.columns import snake_case
from scoville.data.recognise.looks import QUANTILES
from scoville.data.recognise.roles import shown_share
from scoville.starter.factors import NAME_AT_MOST, ByBand, ByValue, When, plain, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from scoville.data.recognise import Recognition
    from scoville.data.recognise.looks import ColumnLook
    from scoville.starter.factors import BandEnds, Factor

MOST, MOST_WITH_EVENTS = 6, 3  # 3 to 7 factors in all: a first model must fit on a page
ENOUGH_FACTORS = 4  # below, columns without a known meaning are tried
TOLD = 0.01  # share of leads below which a value is not worth a line
MOSTLY = 0.5
CONSUMERS = 0.5  # share of private addresses from which leads are private people, who write from nowhere else
SHOWN_VALUES = 3
FEW_ROWS = 20
SENIORITY = {"c_level": 10, "vp": 10, "director": 8, "manager": 5, "student": -10}

SIZE = re.compile(
    r"employees|headcount|company_size|team_size|staff_count|(?:^|_)seats|mitarbeiter(?:zahl)?$|employes$|empleados$"
)
MONEY = re.compile(
    r"budget|income|balance|amount|deal_size|salary|turnover|spend(?:ing)?$|annual_revenue|(?:^|_)(?:mrr|arr)(?:_|$)"
)
ACTIVITY = re.compile(
    r"visits?(?:_|$)|views?(?:_|$)|clicks?(?:_|$)|opens?(?:_|$)|sessions?|time_(?:spent|on)|downloads?|logins?|minutes|related$"
)
FLIGHT = re.compile(r"bounce|exit_?rate")
SECTOR = re.compile(
    r"(?:^|_)(?:industry|sector|vertical|segment|speciali[sz]ation|department|business_type|use_case|product_interest|"
    r"branche|secteur|industria)(?:_|$)"
)
WORK = re.compile(r"(?:^|_)(?:occupation|job|profession|employment|position|role|job_title)(?:_|$)")
REFUSAL = re.compile(
    r"do_?not|opt_?(?:ed_)?out|unsubscri|bounced|blacklist|(?:^|_)(?:spam|invalid|default|arrears|overdue)(?:_|$)|no_(?:email|mail|call)"
)
REQUEST = re.compile(
    r"free_copy|newsletter|webinar|(?:^|_)(?:demo|trial|download|request|requested|opt_in|subscribed)(?:_|$)"
)
KNOWN = re.compile(r"poutcome|visitor_?type|previous_(?:outcome|result)|existing_customer|returning|repeat_")
# Parts of the calendar, ids, and what only one person has.
TELLS_NOTHING = re.compile(
    r"(?:^|_)(?:weekday|month|hour|day|year|week|quarter|weekend|date|time)(?:_|$)|^id$|_id$|_(?:code|key|no)$|(?:^|_)(?:name|names|notes?|comments?|description|address|street)$"
)

GOOD_SOURCE = re.compile(
    r"referr|referen|recommend|partner|word of mouth|direct|organic|website|webinar|event|inbound", re.IGNORECASE
)
BAD_WORK = re.compile(r"unemployed|student|intern|retired|housewife|homemaker|seeking", re.IGNORECASE)
GOOD_WORK = re.compile(
    r"manag|entrepreneur|self.?employed|business|director|owner|executive|professional|founder|admin", re.IGNORECASE
)
GOOD_PAST = re.compile(r"success|return|won|customer|^yes$|^true$|^1$", re.IGNORECASE)
BAD_PAST = re.compile(r"fail|lost|churn", re.IGNORECASE)
YES = frozenset({"yes", "true", "1", "y"})
OTHER = re.compile(r"^(?:other|others|unknown|none|not |misc)", re.IGNORECASE)


def fit_factors(found: Recognition) -> list[Factor]:
    """Factors of `fit`, at most three beside events and six without, the surest kind of reason first."""
    most = MOST_WITH_EVENTS if found.events_seen else MOST
    factors = _distinct(factor for propose in _PROPOSALS for factor in propose(found))
    wanted = 1 if found.events_seen else ENOUGH_FACTORS
    if len(factors) < wanted:
        used = {factor.by for factor in factors if isinstance(factor, ByValue | ByBand)}
        factors = _distinct([*factors, *_whatever_there_is(found, used)])[:wanted]
    if not found.events_seen and not any(factor.high for factor in factors):
        factors += _at_work(found)
    return _with_something_negative(factors, most)


def _distinct(factors: Iterable[Factor]) -> list[Factor]:
    """The first of each name, in their order."""
    by_name: dict[str, Factor] = {}
    for factor in factors:
        by_name.setdefault(factor.name.lower(), factor)
    return list(by_name.values())


def _with_something_negative(factors: list[Factor], most: int) -> list[Factor]:
    """The first ones; if none of them takes points away, the last gives way to one that does."""
    first, others = factors[:most], factors[most:]
    spare = next((factor for factor in others if factor.low < 0), None)
    if spare is None or any(factor.low < 0 for factor in first):
        return first
    return [*first[:-1], spare]


# --- proposals -------------------------------------------------------------------------------------------------------


def _seniority(found: Recognition) -> Iterator[Factor]:
    shares = found.derived.get("job_title.seniority", {})
    known = [(name, points) for name, points in SENIORITY.items() if shares.get(name, 0) > 0]
    if found.leads.role("job_title") and known:
        deciders = sum(shares.get(name, 0) for name in ("c_level", "vp", "director"))
        said = f"{shown_share(deciders)} of the titles are of people who decide"
        why = f"Worked out from the job title, in many languages. {said}."
        yield ByValue("Decision maker", why, "job_title.seniority", tuple(known))


def _size(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, SIZE):
        factor = _by_size("Company size", column, "The size of the companies you sell to is yours to say")
        if factor:
            yield factor
            return


def _money(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, MONEY):
        if factor := _by_size(_title(column.name), column, "More is taken to be better, which may be wrong for you"):
            yield factor
            return


def _activity(found: Recognition) -> Iterator[Factor]:
    """Counts of what they did, as columns of leads: they do not fade, but they are better than nothing."""
    if found.events_seen:
        return
    given = 0
    for column in _named(found, ACTIVITY):
        factor = _by_size(
            _title(column.name), column, "What they did, as a total that does not fade; events with a time would"
        )
        if factor and given < 2:  # noqa: PLR2004 - totals go together: two say what there is to say
            given += 1
            yield factor


def _flight(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, FLIGHT):
        *_, high = _cuts(column)
        if high is not None:
            yield ByBand(
                _title(column.name),
                f"They left quickly: the upper quarter starts at {high:g}.",
                column.name,
                ((high, None, -10.0),),
            )
            return


def _sector(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, SECTOR):
        if factor := _favourites(
            _title(column.name),
            column,
            "Your most frequent ones; put those first that you sell to best, and give others minus points",
        ):
            yield factor
            return


def _source(found: Recognition) -> Iterator[Factor]:
    role = found.leads.role("source")
    if role is None:
        return
    column = found.leads.look.column(role.column)
    good = [value for value, count in column.top if GOOD_SOURCE.search(value) and count >= TOLD * column.rows][:4]
    if good:
        yield ByValue(
            "Came by themselves",
            "Referred and direct leads usually buy more often than bought ones.",
            "source",
            tuple((value, 5) for value in good),
        )


def _work(found: Recognition) -> Iterator[Factor]:
    if found.derived.get("job_title.seniority"):
        return
    for column in _named(found, WORK):
        values = [
            (value, _points_of_work(value, count / column.rows))
            for value, count in column.top
            if count >= TOLD * column.rows
        ]
        told = tuple((value, points) for value, points in values if points)
        if told:
            yield ByValue(
                _title(column.name),
                "Who has work and a say can buy; whether that holds for you, outcomes will show.",
                column.name,
                told,
            )
            return


def _points_of_work(value: str, share: float) -> float:
    """What most leads are is what you sell to, whatever it sounds like."""
    if share >= MOSTLY:
        return 0
    if BAD_WORK.search(value):
        return -5
    return 8 if GOOD_WORK.search(value) else 0


def _past(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, KNOWN):
        few = [(value, count) for value, count in column.top if count < MOSTLY * column.rows]
        good = [(value, 8.0) for value, _ in few if GOOD_PAST.search(value) and not BAD_PAST.search(value)]
        bad = [(value, -5.0) for value, _ in column.top if BAD_PAST.search(value)]
        if good:
            yield ByValue(
                _title(column.name),
                "Who came before, or bought before, comes back more easily.",
                column.name,
                (*good[:2], *bad[:2]),
            )
            return


def _country(found: Recognition) -> Iterator[Factor]:
    role = found.leads.role("country")
    if role is None:
        return
    why = "Where most of your leads are; leave those you serve, and see `qualify` for those you cannot serve"
    if factor := _favourites("Country", found.leads.look.column(role.column), why, by="country"):
        yield factor


def _address(found: Recognition) -> Iterator[Factor]:
    shares = found.derived.get("email.kind", {})
    if not found.leads.role("email"):
        return
    private = shares.get("free", 0)
    if private <= CONSUMERS:
        why = f"People at work write from work. {shown_share(private)} of the addresses are of free providers."
        yield When("Free email address", why, "{email.kind: [free, disposable]}", -10)
    else:
        said = "so only addresses that cannot be real count against them"
        why = f"Most of your leads ({shown_share(private)}) use free providers, {said}."
        yield When("Unusable email address", why, "{email.kind: [disposable, invalid]}", -10)


def _at_work(found: Recognition) -> Iterator[Factor]:
    """Where an address is all that is known, one at work is what there is to like."""
    if (share := found.derived.get("email.kind", {}).get("business", 0)) and found.leads.role("email"):
        why = f"All that is known of them: {shown_share(share)} wrote from an address at work. Add what else you know."
        yield When("Address at work", why, "{email.kind: business}", 10)


def _refusal(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, REFUSAL):
        if yes := _yes(column):
            yield ByValue(
                _title(column.name),
                f"'{yes}' in {shown_share(_share(column, yes))} of the rows: it speaks against a sale.",
                column.name,
                ((yes, -10),),
            )
            return


def _request(found: Recognition) -> Iterator[Factor]:
    for column in _named(found, REQUEST):
        if yes := _yes(column):
            yield ByValue(
                _title(column.name),
                f"They asked for something: '{yes}' in {shown_share(_share(column, yes))} of the rows.",
                column.name,
                ((yes, 5),),
            )
            return


def _reachable(found: Recognition) -> Iterator[Factor]:
    role = found.leads.role("phone")
    if role is not None:
        filled = found.leads.look.column(role.column).filled_share
        if TOLD < filled < 1 - TOLD:
            yield When(
                "Gave a phone number",
                f"They want to be called: {shown_share(filled)} did.",
                "{phone: {is: present}}",
                5,
            )


_PROPOSALS: tuple[Callable[[Recognition], Iterator[Factor]], ...] = (
    _seniority, _size, _address, _sector, _work, _past, _activity, _money, _refusal, _source, _country, _request,
    _reachable, _flight,
)  # fmt: skip


def _whatever_there_is(found: Recognition, used: Collection[str]) -> Iterator[Factor]:
    """Columns whose meaning is not known: a place to begin, and said so."""
    said = "Its meaning is not known, so these points are only a place to begin"
    left = [column for column in _usable(found) if column.name not in used]
    plain = [column for column in left if not TELLS_NOTHING.search(snake_case(column.name))]
    for column in plain:
        if factor := _favourites(_title(column.name), column, said):
            yield factor
    for column in plain:
        if factor := _by_size(_title(column.name), column, said):
            yield factor
    names = [(role.name, role.column) for role in found.leads.roles if role.is_sure and role.name != "lead_id"]
    for trait, name in [*((one.name, one.name) for one in plain), *names]:
        if TOLD < found.leads.look.column(name).filled_share < 1 - TOLD and trait not in {"any", "all", "not"}:
            yield When(
                f"{_title(name)} is known",
                f"{said}: who tells more about themselves means it.",
                f"{{{quoted(trait)}: {{is: present}}}}",
                5,
            )
            return


# --- shapes ----------------------------------------------------------------------------------------------------------


def _usable(found: Recognition) -> list[ColumnLook]:
    """Columns of no known role that a rule can name."""
    return [
        one
        for one in found.leads.plain_columns()
        if 0 < len(one.name) <= NAME_AT_MOST - len(" is known") and one.name == one.name.strip()
    ]


def _named(found: Recognition, pattern: re.Pattern[str]) -> list[ColumnLook]:
    return [column for column in _usable(found) if pattern.search(snake_case(column.name))]


def _by_size(name: str, column: ColumnLook, why: str) -> Factor | None:
    """More points for more: by quartiles of a number, or by ranges in words such as `11-50`."""
    if column.type == "number":
        bands = _quartiles(column)
        shown = ", ".join(plain(float(f"{value:.3g}")) for value in column.quantiles[1:4])
        return (
            ByBand(
                name, f"{why}. A quarter, half and three quarters of the leads are below {shown}.", column.name, bands
            )
            if bands
            else None
        )
    ranges = [(value, _first_number(value)) for value, _ in column.top]
    ordered = [value for value, low in sorted(((v, n) for v, n in ranges if n is not None), key=lambda pair: pair[1])]
    if column.type != "text" or len(ordered) < 3 or len(ordered) < 0.7 * len(ranges):  # noqa: PLR2004 - ranges, not a text with a number in it
        return None
    points = [-5.0, *(round(10 * place / (len(ordered) - 1)) for place in range(1, len(ordered)))]
    return ByValue(name, f"{why}.", column.name, tuple(zip(ordered, points, strict=True)))


def _first_number(text: str) -> float | None:
    found = re.match(r"\D{0,3}(\d[\d,.']*)", text)
    digits = re.sub(r"\D", "", found[1]) if found else ""
    return float(digits) if digits else None


def _quartiles(column: ColumnLook) -> tuple[BandEnds, ...]:
    """Minus in the lowest quarter, plus above the middle, twice that in the highest; quarters may fall together."""
    low, middle, high = _cuts(column)
    bands: list[BandEnds] = [(None, low, -5.0)] if low is not None else []
    if middle is not None and middle not in (low, high):
        bands.append((middle, high, 5.0))
    if high is not None and high != low:
        bands.append((high, None, 10.0))
    return tuple(bands) if bands and bands[-1][2] > 0 else ()


def _cuts(column: ColumnLook) -> tuple[float | None, float | None, float | None]:
    """Quartiles in two significant digits; null for one that is no more than the least value, as among many zeros."""
    if column.type != "number" or len(column.quantiles) != len(QUANTILES) or column.distinct < 4:  # noqa: PLR2004 - quarters
        return (None, None, None)
    least = column.quantiles[0]
    low, middle, high = (cut if (cut := float(f"{value:.2g}")) > least else None for value in column.quantiles[1:4])
    return low, middle, high


def _favourites(name: str, column: ColumnLook, why: str, by: str | None = None) -> Factor | None:
    """Points for the most frequent values of a text with few."""
    is_shared = column.distinct_share < 0.5 or column.rows < FEW_ROWS  # noqa: PLR2004 - on average two rows each
    if column.type != "text" or not is_shared or not column.distinct > 1 or not column.top:
        return None
    told = [(value, count) for value, count in column.top if not OTHER.search(value) and count >= TOLD * column.rows]
    if not told or len(told[0][0]) > NAME_AT_MOST:
        return None
    shown = ", ".join(f"{value} {shown_share(count / column.rows)}" for value, count in told[:8])
    first = told[:SHOWN_VALUES] if len(told) > SHOWN_VALUES else told[: max(1, len(told) - 1)]
    return ByValue(name, f"{why}. Seen: {shown}.", by or column.name, tuple((value, 5) for value, _ in first))


def _yes(column: ColumnLook) -> str | None:
    """The value of a yes or no that says yes."""
    if column.distinct != 2:  # noqa: PLR2004 - yes and no
        return None
    return next((value for value, _ in column.top if value.strip().lower() in YES), None)


def _share(column: ColumnLook, value: str) -> float:
    return dict(column.top).get(value, 0) / column.rows


def _title(name: str) -> str:
    """A column's name as a rule's: `amount_requested` -> `Amount requested`."""
    words = " ".join(re.sub(r"[_\s]+", " ", name).split()) or f"Column {name}"
    return (words[:1].upper() + words[1:])[:100]
