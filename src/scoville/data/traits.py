"""Derived traits: what an address, a title, a number or a web site says about a lead, as Ibis expressions.

Nothing runs here. Every trait is text functions and left joins on unique keys, in words that DuckDB, PostgreSQL and
Spark share, so that it becomes part of a plan. No step ever adds or loses a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis
import ibis.expr.operations as ops

from scoville.data.lists import FOLD_FROM, FOLD_TO, FUNCTIONS, LISTS, LOOKUPS, PREFIX_LENGTHS, SENIORITIES, Lookup
from scoville.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    Tables = Mapping[str, ibis.Table]

__all__ = ["DERIVED", "LISTS", "LOOKUPS", "DerivedTrait", "Lookup", "derive", "folded_title"]

# No backslashes and no look-around: RE2, Java and PostgreSQL read these the same way. Letters beyond ASCII pass,
# because addresses and names of domains may have them; what cannot stand in either is left out by name.
_BLANK = "\t- \u00a0\u200b"  # tab to blank, the unbreakable one, the one without width
_LOCAL = f"""[^]@.,;:<>(){_BLANK}"]+"""
_NOT_IN_NAMES = f"""]@.,;:<>()"/_!?*+=#$%|~^{{}}&'`{_BLANK}"""
_LABEL = f"[^{_NOT_IN_NAMES}]+"
_LAST_LABEL = f"([^{_NOT_IN_NAMES}0-9-]{{2,}}|xn--[a-z0-9-]+)"
_DOMAIN = f"({_LABEL}[.])+{_LAST_LABEL}"
_PLAUSIBLE_ADDRESS = f"^{_LOCAL}([.]{_LOCAL})*@{_DOMAIN}$"
_LONGEST_ADDRESS = 254  # RFC 5321, errata 1690

_SHORTEST_NUMBER = 7  # digits with the calling code: Saint Helena has four below its three
_ANYWHERE = 1_000_000  # beyond the end of any title
_FUNCTIONS_AT_MOST = 100  # a place and the number of a function share one integer


@dataclass(frozen=True)
class DerivedTrait:
    """A trait that Scoville works out: its column, the columns of leads it reads, and the lookups it joins.

    `values` lists every value it can take, or is null where that is an open set. None of the sources has to exist.
    """

    name: str
    sources: tuple[str, ...]
    lookups: tuple[str, ...]
    doc: str
    values: tuple[str, ...] | None = None


def derive(leads: ibis.Table, names: Collection[str], lookups: Tables) -> ibis.Table:
    """`leads` with one more column per name of `names`, such as `email.kind`.

    Shape:   as many rows as before; columns in the order of DERIVED, after those of leads. `company_domain` keeps
             its place where leads have one. Any other trait that leads already carry by that name is left as it is.
    Nulls:   a source that is absent, null or blank gives null; `email.kind` is `missing` then, never null.
    Raises:  PlanError for a name that is no derived trait.
    Example: derive(leads, ["email.kind"], {name: lookup.table() for name, lookup in LOOKUPS.items()})
    """
    _refuse_unknown(names)
    wanted = [name for name in DERIVED if name in names and not _is_given(leads, name)]
    titled = [name for name in wanted if name in _TITLE_TRAITS]
    derived = _add_title_traits(leads, titled, lookups) if titled else leads  # first: it reads the leads twice
    for name, add in _ADD.items():
        if any(name in _STEPS_TO.get(wish, (wish,)) for wish in wanted) and not _is_given(leads, name):
            derived = add(derived, lookups)
    return derived.select(*leads.columns, *(name for name in wanted if name not in leads.columns))


def _is_given(leads: ibis.Table, name: str) -> bool:
    """A company_domain column is a source too: it is cleaned, and filled where it is missing."""
    return name in leads.columns and name != "company_domain"


def _refuse_unknown(names: Collection[str]) -> None:
    unknown = sorted(set(names) - set(DERIVED))
    if unknown:
        message = f"No derived trait is called {', '.join(map(repr, unknown))}. Derived traits: {', '.join(DERIVED)}."
        raise PlanError(message)


# --- e-mail ---------------------------------------------------------------------------------------------------------


def _add_email_domain(leads: ibis.Table, _lookups: Tables) -> ibis.Table:
    address = _text(leads, "email").lower()
    plausible = address.re_search(_PLAUSIBLE_ADDRESS) & (address.length() <= _LONGEST_ADDRESS)
    return leads.mutate(**{"email.domain": ibis.ifelse(plausible, address.re_replace("^[^@]*@", ""), _null_text())})


def _add_email_kind(leads: ibis.Table, lookups: Tables) -> ibis.Table:
    """Missing, invalid, disposable, free, role, business: the first that holds.

    A shared mailbox at a free provider is free: the provider says more than the part before the @.
    A disposable domain also stands for the domains right below it.
    """
    domains, domain = lookups["email_domains"], leads["email.domain"]
    leads = _with_lookup(leads, domain, domains, ("domain", "kind"), "__listed")
    leads = _with_lookup(leads, _without_first_label(domain), domains, ("domain", "kind"), "__parent_listed")
    leads = _with_lookup(leads, _role(leads), lookups["role_addresses"], ("address", "address"), "__role")
    kind = ibis.cases(
        (_text(leads, "email").isnull(), "missing"),
        (leads["email.domain"].isnull(), "invalid"),
        (leads["__listed"].notnull() & (leads["__listed"] != "business"), leads["__listed"]),
        (leads["__listed"].isnull() & (leads["__parent_listed"] == "disposable"), "disposable"),
        (leads["__role"].notnull(), "role"),
        else_="business",
    )
    return leads.mutate(**{"email.kind": kind}).drop("__listed", "__parent_listed", "__role")


def _without_first_label(domain: ibis.Value) -> ibis.Value:
    """`mx.mailinator.com` -> `mailinator.com`."""
    return domain.re_replace("^[^.]*[.]", "")


def _role(leads: ibis.Table) -> ibis.Value:
    """`No-Reply+x@acme.com` -> `noreply`; nothing to look up where leads have no addresses."""
    if "email" not in leads.columns:
        return _null_text()
    return _text(leads, "email").lower().re_replace("[+@].*$", "").re_replace("[._-]", "")


# --- company --------------------------------------------------------------------------------------------------------


def _add_company_domain(leads: ibis.Table, lookups: Tables) -> ibis.Table:
    """The domain a company registered: as given, else of an address at work; `eu.acme.co.uk` is `acme.co.uk`."""
    at_work = leads["email.kind"].isin(["business", "role"])
    domain = ibis.coalesce(_given_domain(leads), ibis.ifelse(at_work, leads["email.domain"], _null_text()))
    suffixes = lookups["public_suffixes"]
    leads = leads.mutate(__domain=domain)
    leads = _with_lookup(leads, _last_labels(leads["__domain"], 2), suffixes, ("suffix", "suffix"), "__of_two")
    leads = _with_lookup(leads, _last_labels(leads["__domain"], 3), suffixes, ("suffix", "suffix"), "__of_three")
    registered = ibis.cases(
        (leads["__domain"].isnull(), _null_text()),
        (leads["__of_three"].notnull(), _last_labels(leads["__domain"], 4)),
        (leads["__of_two"].notnull(), _last_labels(leads["__domain"], 3)),
        else_=_last_labels(leads["__domain"], 2),
    )
    return leads.mutate(company_domain=registered).drop("__domain", "__of_two", "__of_three")


def _given_domain(leads: ibis.Table) -> ibis.Value:
    """`https://www.Acme.com:443/jobs?x=1` -> `acme.com`; null for what is no domain, such as `n/a`."""
    address = _text(leads, "company_domain").lower().re_replace("^([a-z]+:)?//", "")
    host = address.re_replace("[/?#:].*$", "").re_replace("^.*@", "").re_replace("^www[0-9]?[.]|[.]+$", "")
    return ibis.ifelse(host.re_search(f"^{_DOMAIN}$"), host, _null_text())


def _last_labels(domain: ibis.Value, labels: int) -> ibis.Value:
    """The last `labels` labels of a domain, or all of it when it has fewer."""
    return domain.re_extract(f"([^.]+[.]){{0,{labels - 1}}}[^.]+$", 0)


# --- phone ----------------------------------------------------------------------------------------------------------


def _add_phone_country(leads: ibis.Table, lookups: Tables) -> ibis.Table:
    """Country of the longest known prefix of an international number; a number without + or 00 tells none."""
    phone, prefixes = _text(leads, "phone"), lookups["phone_prefixes"]
    digits = phone.re_replace("[^0-9]", "").re_replace("^0+", "")
    international = phone.re_search("^[^0-9+]*([+]|00)") & (digits.length() >= _SHORTEST_NUMBER)
    leads = leads.mutate(__digits=ibis.ifelse(international, digits, _null_text()))
    found = [f"__prefix_{length}" for length in PREFIX_LENGTHS]
    for name, length in zip(found, PREFIX_LENGTHS, strict=True):
        leads = _with_lookup(leads, leads["__digits"].substr(0, length), prefixes, ("prefix", "country"), name)
    country = ibis.coalesce(*(leads[name] for name in found))
    return leads.mutate(**{"phone.country": country}).drop("__digits", *found)


# --- job title ------------------------------------------------------------------------------------------------------


def _add_title_traits(leads: ibis.Table, names: Collection[str], lookups: Tables) -> ibis.Table:
    """Each title is read once, whoever bears it: a million leads have some thousands of titles."""
    titles = leads.select(__title=_text(leads, "job_title")).filter(lambda t: t["__title"].notnull()).distinct()
    titles = titles.mutate(__folded=folded_title(titles["__title"]))
    answers = _answers(titles, _phrases_met(titles, lookups["job_titles"]), names)
    keyed = leads.mutate(__key=_text(leads, "job_title"))
    joined = keyed.left_join(answers, keyed["__key"] == answers["__title"])
    return joined.select(*leads.columns, *names)


def folded_title(title: ibis.Value) -> ibis.Value:
    """A title as it is compared, with a blank at both ends; the phrases are folded alike by `lists.fold_title`.

    Example: "Geschäftsführerin (m/w/d)" -> " geschaftsfuhrerin m w d "
    """
    plain = title.replace("ß", "ss").translate(FOLD_FROM, FOLD_TO)
    ascii_only = ~title.re_search("[^ -~]")  # most are, and DuckDB takes 10 us for each `translate`
    padded = ibis.literal(" ") + ibis.ifelse(ascii_only, title, plain).lower() + ibis.literal(" ")
    return padded.re_replace("[^a-z0-9]+", " ")


def _phrases_met(titles: ibis.Table, phrases: ibis.Table) -> ibis.Table:
    """One row per title and phrase in it, with its place and what it says, unless a longer phrase covers it.

    `vice president` covers `president`, `product owner` covers `owner`, and `assistant to` all that follows it. A
    phrase covers only what it speaks of itself: `delivery manager` names a function and leaves `manager` to be heard.
    """
    words = titles.select("__title", "__folded", __word=titles["__folded"].strip().split(" ").unnest())
    near = words.join(phrases, words["__word"] == phrases["anchor"])
    met = near.filter(near["__folded"].contains(near["needle"])).select(
        "__title", "seniority", "function", "letters", "takes_the_rest", __start=near["__folded"].find(near["needle"])
    )
    end = met["__start"] + ibis.ifelse(met["takes_the_rest"], _ANYWHERE, met["letters"])
    met = met.select("__title", "seniority", "function", "__start", __end=end)
    return met.mutate(
        seniority=ibis.ifelse(_covered(met, "seniority"), _null_text(), met["seniority"]),
        function=ibis.ifelse(_covered(met, "function"), _null_text(), met["function"]),
    )


def _covered(met: ibis.Table, says: str) -> ibis.Value:
    """Whether a phrase that says something of the same, and begins no later, ends no sooner."""
    end = ibis.ifelse(met[says].notnull(), met["__end"], ibis.null("int64"))
    before = ibis.window(
        group_by="__title", order_by=[met["__start"], met["__end"].desc()], preceding=(None, 1), following=None
    )
    return ibis.coalesce(end.max().over(before) >= met["__end"], False)


def _answers(titles: ibis.Table, met: ibis.Table, names: Collection[str]) -> ibis.Table:
    """One row per title: the traits in `names`. A title without a Latin letter cannot be read: null."""
    numbers = met.group_by("__title").agg(__seniority=_highest_seniority(met), __function=_first_function(met))
    joined = titles.left_join(numbers, "__title")
    readable = joined["__folded"].re_search("[a-z]")
    seniority = joined["__seniority"].cases(*enumerate(SENIORITIES), else_="staff")
    function = (joined["__function"] % _FUNCTIONS_AT_MOST).cases(*enumerate(FUNCTIONS), else_=_null_text())
    traits = {
        "job_title.seniority": ibis.ifelse(readable, seniority, _null_text()),
        "job_title.function": function,
    }
    return joined.select("__title", **{name: traits[name] for name in names})


def _highest_seniority(met: ibis.Table) -> ibis.Value:
    """Number of the highest seniority that any phrase speaks of."""
    return met["seniority"].cases(*((name, number) for number, name in enumerate(SENIORITIES))).min()


def _first_function(met: ibis.Table) -> ibis.Value:
    """Number of the function named first, plus its place; an executive one comes after all others.

    `CEO & CFO` does finance, a mere `CEO` is an executive.
    """
    place = met["__start"] + ibis.ifelse(met["function"] == "executive", _ANYWHERE, 0)
    number = met["function"].cases(*((name, number) for number, name in enumerate(FUNCTIONS)))
    return (place * _FUNCTIONS_AT_MOST + number).min()


# --- shared by the above --------------------------------------------------------------------------------------------


def _with_lookup(
    leads: ibis.Table, key: ibis.Value, lookup: ibis.Table, columns: tuple[str, str], name: str
) -> ibis.Table:
    """`leads` and one more column: the value the lookup has for `key`, or null.

    Shape:   as many rows as before, because the first of `columns` is unique in the lookup.
    """
    if isinstance(key.op(), ops.Literal) and key.op().value is None:
        return leads.mutate(**{name: _null_text()})
    key_column, value_column = columns
    keyed = leads.mutate(__key=key)
    answers = lookup.select(__answer_key=lookup[key_column], __answer_value=lookup[value_column])
    joined = keyed.left_join(answers, keyed["__key"] == answers["__answer_key"])
    return joined.select(*leads.columns, **{name: joined["__answer_value"]})


def _text(leads: ibis.Table, column: str) -> ibis.Value:
    """A column as text without outer blanks; null when it is blank or when there is no such column."""
    return leads[column].cast("string").strip().nullif("") if column in leads.columns else _null_text()


def _null_text() -> ibis.Value:
    return ibis.null("string")


_ADD: Mapping[str, Callable[[ibis.Table, Tables], ibis.Table]] = MappingProxyType(
    {
        "email.domain": _add_email_domain,
        "email.kind": _add_email_kind,
        "company_domain": _add_company_domain,
        "phone.country": _add_phone_country,
    }
)
"""How each of the others is added, in this order."""

_TITLE_TRAITS = ("job_title.seniority", "job_title.function")

_STEPS_TO: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"email.kind": ("email.domain", "email.kind"), "company_domain": ("email.domain", "email.kind", "company_domain")}
)
"""Traits that are worked out from others."""

_TRAITS = (
    DerivedTrait(
        "email.domain", ("email",), (), "What follows the @, in small letters; null for no plausible address."
    ),
    DerivedTrait(
        "email.kind",
        ("email",),
        ("email_domains", "role_addresses"),
        "What kind of address it is; the first that holds of missing, invalid, disposable, free, role, business.",
        ("business", "free", "disposable", "role", "invalid", "missing"),
    ),
    DerivedTrait(
        "job_title.seniority",
        ("job_title",),
        ("job_titles",),
        "The highest seniority that the title speaks of; null without a title in Latin letters.",
        ("c_level", "vp", "director", "manager", "staff", "student"),
    ),
    DerivedTrait(
        "job_title.function",
        ("job_title",),
        ("job_titles",),
        "The function that the title names first; null when it names none that is known.",
        FUNCTIONS,
    ),
    DerivedTrait(
        "phone.country",
        ("phone",),
        ("phone_prefixes",),
        "Country (ISO 3166 alpha-2) of a number written with + or 00; null for any other.",
    ),
    DerivedTrait(
        "company_domain",
        ("company_domain", "email"),
        ("email_domains", "role_addresses", "public_suffixes"),
        "The domain the company registered: as given, else from an address at work; null when neither tells.",
    ),
)

DERIVED: Mapping[str, DerivedTrait] = MappingProxyType({trait.name: trait for trait in _TRAITS})
"""Every derived trait by name."""
