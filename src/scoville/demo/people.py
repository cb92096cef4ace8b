"""The people behind the forms: who they are, as hidden codes, and what the form says, as the relation `leads`."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scoville.demo import pools
from scoville.demo.calendar import SATURDAY, office_instants
from scoville.demo.columns import blank, instants, numbered, numbers, words
from scoville.demo.companies import Companies, company_domains, company_names, draw_companies, draw_shares

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoville.demo.calendar import Window
    from scoville.demo.columns import Floats, Ints
    from scoville.demo.truth import Truth

COUNTRY_NAMES = tuple(country[0] for country in pools.COUNTRIES)
INDUSTRY_NAMES = tuple(industry[0] for industry in pools.INDUSTRIES)
SENIORITY_NAMES = tuple(name for name, _ in pools.SENIORITIES)
SOURCE_NAMES = tuple(source[0] for source in pools.SOURCES)
PERSONA_NAMES = tuple(name for name, _ in pools.PERSONAS)
EMAIL_KINDS = ("business", "free", "role", "disposable", "missing")
LEADS_PER_COMPANY = 2.5  # people that a company which shows up at all sends us, on average

BUYER, STUDENT, JOBSEEKER, BOT, COMPETITOR = range(len(PERSONA_NAMES))
BUSINESS, FREE, ROLE, DISPOSABLE, MISSING = range(len(EMAIL_KINDS))
STUDENT_SENIORITY = SENIORITY_NAMES.index("student")
UNKNOWN = -1

COMPANY_NAMED_ANYWAY = 0.5  # share of people with a private address who still say where they work
TITLE_MISSING, SIZE_MISSING, INDUSTRY_MISSING, PHONE_MISSING, OWNER_MISSING = 0.07, 0.08, 0.05, 0.45, 0.06


@dataclass(frozen=True)
class People:
    """One entry per lead. Codes are indices into the pools; `UNKNOWN` is what the lead did not say.

    `company` is an index into `companies` (UNKNOWN for people whose company is not known); `employees` is NaN when
    the lead did not say, `true_employees` never is.
    """

    number: Ints
    created_us: Ints
    persona: Ints
    email_kind: Ints
    company: Ints
    companies: Companies
    competitor: Ints
    university: Ints
    country: Ints
    industry: Ints
    employees: Floats
    true_employees: Floats
    seniority: Ints
    source: Ints
    cost: Floats
    owner: Ints

    def __len__(self) -> int:
        """How many leads."""
        return len(self.number)

    @property
    def hours_ahead(self) -> Ints:
        """Time zone of each lead: hours ahead of UTC."""
        return np.array([country[3] for country in pools.COUNTRIES])[self.country]


def draw_people(rng: np.random.Generator, first_number: int, count: int, window: Window) -> People:
    """`count` leads, numbered from `first_number` by day of creation within the block."""
    companies = draw_companies(rng, int(first_number / LEADS_PER_COMPANY), max(1, int(count / LEADS_PER_COMPANY)))
    persona = draw_shares(rng, [share for _, share in pools.PERSONAS], count)
    email_kind = _draw_email_kinds(rng, persona)
    company = _draw_employers(rng, persona, email_kind, companies)
    known = company != UNKNOWN
    country = np.where(
        known,
        companies.country[company],
        draw_shares(rng, [country[1] for country in pools.COUNTRIES], count),
    )
    true_employees = np.where(known, companies.employees[company], np.round(rng.lognormal(np.log(15), 1.3, count)) + 1)
    source = _draw_sources(rng, persona)
    seniority = draw_shares(rng, [share for _, share in pools.SENIORITIES], count)
    seniority = np.where(persona == STUDENT, STUDENT_SENIORITY, seniority)
    untitled = (persona == BOT) | (rng.random(count) < TITLE_MISSING)
    base_cost = np.array([cost for _, _, cost in pools.SOURCES])[source]
    hours = np.array([entry[3] for entry in pools.COUNTRIES])[country]
    return People(
        number=first_number + np.arange(count),
        created_us=_draw_arrivals(rng, window, hours),
        persona=persona,
        email_kind=email_kind,
        company=company,
        companies=companies,
        competitor=np.where(persona == COMPETITOR, rng.integers(0, len(pools.COMPETITORS), count), UNKNOWN),
        university=np.where(persona == STUDENT, rng.integers(0, len(pools.UNIVERSITIES), count), UNKNOWN),
        country=country,
        industry=_said(rng, np.where(known, companies.industry[company], UNKNOWN), INDUSTRY_MISSING),
        employees=np.where(known & (rng.random(count) >= SIZE_MISSING), true_employees, np.nan),
        true_employees=true_employees,
        seniority=np.where(untitled, UNKNOWN, seniority),
        source=source,
        cost=np.round(base_cost * rng.lognormal(-0.05, 0.3, count), 2),
        owner=_said(rng, rng.integers(0, len(pools.OWNERS), count), OWNER_MISSING),
    )


def fit_log_odds(people: People, truth: Truth) -> Floats:
    """What the traits of each lead add to its log-odds; a trait the lead did not give adds 0."""
    domains = [domain for _, domain in pools.COMPETITORS]
    traits = (
        ("country", COUNTRY_NAMES, people.country),
        ("industry", INDUSTRY_NAMES, people.industry),
        ("source", SOURCE_NAMES, people.source),
        ("job_title.seniority", SENIORITY_NAMES, people.seniority),
        ("email.kind", EMAIL_KINDS, people.email_kind),
        ("email.domain", domains, people.competitor),
    )
    total = truth.employees_log_odds(people.employees)
    for trait, names, codes in traits:
        coefficients = [truth.fit[trait].get(name, 0.0) for name in names]
        total += np.array([*coefficients, 0.0])[codes]  # UNKNOWN = -1 picks the 0.0 at the end
    return total


def leads_table(rng: np.random.Generator, people: People) -> pa.Table:
    """The relation `leads`: what the forms say."""
    names = _Names.draw(rng, people)
    domain, company = _employer_text(people)
    return pa.table(
        {
            "lead_id": numbered("L", people.number, digits=8),
            "created_at": instants(people.created_us),
            "first_name": names.first,
            "last_name": names.last,
            "email": _email_addresses(rng, people, names, domain),
            "phone": _phones(rng, people),
            "job_title": _job_titles(rng, people),
            "company": company,
            "company_domain": domain,
            "industry": words(INDUSTRY_NAMES, people.industry),
            "employees": numbers(people.employees, pa.int64()),
            "country": words(COUNTRY_NAMES, people.country),
            "source": words(SOURCE_NAMES, people.source),
            "cost": pa.array(people.cost),
            "owner": words(pools.OWNERS, people.owner),
        }
    )


def _draw_arrivals(rng: np.random.Generator, window: Window, hours_ahead: Ints) -> Ints:
    """Creation in microseconds, day after day: half as many again at the end as at the start, mostly office days."""
    growth = 1 + 0.5 * np.arange(window.days) / window.days
    weekend = window.weekday(np.arange(window.days)) >= SATURDAY
    day = np.sort(draw_shares(rng, list(growth * np.where(weekend, 0.25, 1.0)), len(hours_ahead)))
    return np.clip(office_instants(rng, window, day, hours_ahead), window.start_us, window.end_us - 1)


def _draw_email_kinds(rng: np.random.Generator, persona: Ints) -> Ints:
    kinds = draw_shares(rng, [0.80, 0.135, 0.03, 0.01, 0.025], len(persona))
    kinds[persona == BOT] = DISPOSABLE
    kinds[persona == JOBSEEKER] = FREE
    kinds[(persona == STUDENT) | (persona == COMPETITOR)] = BUSINESS
    return kinds


def _draw_employers(rng: np.random.Generator, persona: Ints, email_kind: Ints, companies: Companies) -> Ints:
    """Index of the company of each lead. A few companies send many people, most send one or two."""
    count = len(persona)
    weight = rng.lognormal(0, 0.7, len(companies)) * np.sqrt(np.log(companies.employees + 2))
    employer = draw_shares(rng, list(weight), count)
    private = (email_kind == FREE) | (email_kind == DISPOSABLE) | (email_kind == MISSING)
    unknown = (persona != BUYER) | (private & (rng.random(count) >= COMPANY_NAMED_ANYWAY))
    return np.where(unknown, UNKNOWN, employer)


def _draw_sources(rng: np.random.Generator, persona: Ints) -> Ints:
    sources = draw_shares(rng, [share for _, share, _ in pools.SOURCES], len(persona))
    return np.where((persona == BUYER) | (rng.random(len(persona)) < 0.3), sources, SOURCE_NAMES.index("organic"))  # noqa: PLR2004


def _said(rng: np.random.Generator, codes: Ints, missing: float) -> Ints:
    return np.where(rng.random(len(codes)) < missing, UNKNOWN, codes)


@dataclass(frozen=True)
class _Names:
    """First and last names, and the same in the letters that mail addresses use."""

    first: pa.Array
    last: pa.Array
    plain_first: pa.Array
    plain_last: pa.Array

    @classmethod
    def draw(cls, rng: np.random.Generator, people: People) -> _Names:
        first, last = (_draw_by_language(rng, people, pool) for pool in (pools.FIRST_NAMES, pools.LAST_NAMES))
        return cls(words(*first), words(*last), words(_plain(first[0]), first[1]), words(_plain(last[0]), last[1]))


def _draw_by_language(
    rng: np.random.Generator, people: People, pool: dict[str, tuple[str, ...]]
) -> tuple[tuple[str, ...], Ints]:
    """All words of the pool, and for each lead the index of one in the language of its country."""
    everything = tuple(word for language in pools.LANGUAGES for word in pool[language])
    sizes = np.array([len(pool[language]) for language in pools.LANGUAGES])
    starts = np.cumsum(sizes) - sizes
    language = np.array([pools.LANGUAGES.index(country[2]) for country in pools.COUNTRIES])[people.country]
    return everything, starts[language] + (rng.random(len(people)) * sizes[language]).astype(np.int64)


def _plain(names: tuple[str, ...]) -> tuple[str, ...]:
    """`Müller` -> `mueller`, `Élodie` -> `elodie`."""
    german = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ı": "i"})
    folded = (unicodedata.normalize("NFKD", name.lower().translate(german)) for name in names)
    return tuple("".join(letter for letter in name if letter.isascii()) for name in folded)


def _employer_text(people: People) -> tuple[pa.Array, pa.Array]:
    """Domain and name of the company, as far as the lead tells."""
    own_domain = words(_domains_of(people), np.where(people.company >= 0, people.company, UNKNOWN))
    own_name = words(company_names(people.companies).to_pylist(), people.company)
    universities = words([f"University of {name}" for name in pools.UNIVERSITIES], people.university)
    campus = words([f"{_slug(name)}-university.example" for name in pools.UNIVERSITIES], people.university)
    rival = words([name for name, _ in pools.COMPETITORS], people.competitor)
    rival_domain = words([domain for _, domain in pools.COMPETITORS], people.competitor)
    at_work = pa.array((people.email_kind == BUSINESS) | (people.email_kind == ROLE))
    domain = pc.if_else(at_work, pc.coalesce(own_domain, campus, rival_domain), pa.scalar(None, pa.string()))
    return domain, pc.coalesce(own_name, universities, rival)


def _domains_of(people: People) -> list[str]:
    return list(company_domains(people.companies).to_pylist())


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def _email_addresses(rng: np.random.Generator, people: People, names: _Names, domain: pa.Array) -> pa.Array:
    """One address per lead, no two alike; null where the kind is `missing`."""
    count = len(people)
    number = pa.array(people.number).cast(pa.string())
    full = pc.binary_join_element_wise(names.plain_first, names.plain_last, ".")
    short = pc.binary_join_element_wise(pc.utf8_slice_codeunits(names.plain_first, 0, 1), names.plain_last, "")
    person = pc.if_else(pa.array(rng.random(count) < 0.65), full, short)  # noqa: PLR2004 - the commoner habit
    private = pc.binary_join_element_wise(full, number, "")  # the number keeps it from being anybody's real address
    throwaway = pc.binary_join_element_wise("user", number, "")
    role = words(pools.ROLE_NAMES, _nth_of_its_kind(people) % len(pools.ROLE_NAMES))  # a company has one `info@`
    free_domain = words(pools.FREE_DOMAINS, draw_shares(rng, [46, 12, 14, 10, 6, 5, 4, 3], count))
    gone_domain = words(pools.DISPOSABLE_DOMAINS, rng.integers(0, len(pools.DISPOSABLE_DOMAINS), count))
    kind = pa.array(people.email_kind)
    local = _distinct(pc.choose(kind, person, private, role, throwaway, person), domain)
    address = pc.binary_join_element_wise(local, pc.choose(kind, domain, free_domain, domain, gone_domain, domain), "@")
    return blank(address, people.email_kind == MISSING)


def _distinct(local: pa.Array, domain: pa.Array) -> pa.Array:
    """Number the second, third, ... of the same name at one company: `anna.weber`, `anna.weber2`."""
    whole = pc.fill_null(pc.binary_join_element_wise(local, domain, "@"), "")
    nth = _nth(pc.dictionary_encode(whole).indices.to_numpy())
    suffix = pc.if_else(pa.array(nth == 0), "", pa.array(nth + 1).cast(pa.string()))
    return pc.if_else(pc.is_valid(domain), pc.binary_join_element_wise(local, suffix, ""), local)


def _nth_of_its_kind(people: People) -> Ints:
    """How many leads with the same kind of address at the same company come before."""
    return _nth(people.company * len(EMAIL_KINDS) + people.email_kind)


def _nth(codes: npt.NDArray[np.integer]) -> Ints:
    """How many times each code has come before."""
    order = np.argsort(codes, kind="stable")
    ordered = codes[order]
    nth = np.empty(len(codes), dtype=np.int64)
    nth[order] = np.arange(len(codes)) - np.searchsorted(ordered, ordered)
    return nth


def _phones(rng: np.random.Generator, people: People) -> pa.Array:
    """International format with the prefix of the country; many leads give none."""
    count = len(people)
    prefixes = [prefix for country in pools.COUNTRIES for prefix in country[4]]
    sizes = np.array([len(country[4]) for country in pools.COUNTRIES])
    starts = np.cumsum(sizes) - sizes
    prefix = starts[people.country] + (rng.random(count) * sizes[people.country]).astype(np.int64)
    text = pc.binary_join_element_wise(
        words(prefixes, prefix), numbered("", rng.integers(0, 10_000, count), digits=4), " "
    )
    return blank(text, (people.persona == BOT) | (rng.random(count) < PHONE_MISSING))


def _job_titles(rng: np.random.Generator, people: People) -> pa.Array:
    """A title of the lead's seniority, in the language of its country."""
    cells = [pools.TITLES[language][seniority] for language in pools.LANGUAGES for seniority in SENIORITY_NAMES]
    sizes = np.array([len(cell) for cell in cells])
    starts = np.cumsum(sizes) - sizes
    language = np.array([pools.LANGUAGES.index(country[2]) for country in pools.COUNTRIES])[people.country]
    cell = language * len(SENIORITY_NAMES) + np.maximum(people.seniority, 0)
    title = starts[cell] + (rng.random(len(people)) * sizes[cell]).astype(np.int64)
    return words([title for cell in cells for title in cell], np.where(people.seniority == UNKNOWN, UNKNOWN, title))
