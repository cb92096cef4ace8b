"""Derived traits on DuckDB, which binds the lookups by name as every engine does."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import phonenumbers
import pyarrow as pa
import pytest
import yaml

from scoville.data.lists import FUNCTIONS, LISTS, SENIORITIES, fold_title, read_lists
from scoville.data.traits import DERIVED, LOOKUPS, derive, folded_title
from scoville.errors import PlanError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

TITLES: dict[str, tuple[str | None, str | None]] = {
    title: tuple(expected)
    for group in yaml.safe_load((Path(__file__).parent / "titles.yaml").read_text(encoding="utf-8")).values()
    for title, expected in group.items()
}

SHIPPED = {name: lookup.rows() for name, lookup in LOOKUPS.items()}

# Of each address its email.domain and email.kind.
ADDRESSES = {
    "ann@acme.com": ("acme.com", "business"),
    "  Ann.Smith@ACME.com\t": ("acme.com", "business"),
    "o'hara+tag@mail.acme.co.uk": ("mail.acme.co.uk", "business"),
    "müller@münchen.de": ("münchen.de", "business"),
    "ann@xn--mnchen-3ya.xn--p1ai": ("xn--mnchen-3ya.xn--p1ai", "business"),
    "ann@gmail.com": ("gmail.com", "free"),
    "Ann@Yahoo.CO.UK": ("yahoo.co.uk", "free"),
    "info@gmail.com": ("gmail.com", "free"),
    "ann@tutanota.com": ("tutanota.com", "free"),
    "ann@mailinator.com": ("mailinator.com", "disposable"),
    "ann@anything.mailinator.com": ("anything.mailinator.com", "disposable"),
    "info@mailinator.com": ("mailinator.com", "disposable"),
    "ann@acme-mailinator.com": ("acme-mailinator.com", "business"),
    "info@acme.com": ("acme.com", "role"),
    "No-Reply@acme.com": ("acme.com", "role"),
    "sales+web@acme.com": ("acme.com", "role"),
    "vertrieb@acme.de": ("acme.de", "role"),
    "salesman@acme.com": ("acme.com", "business"),
    "ann": (None, "invalid"),
    "ann@acme": (None, "invalid"),
    "ann@acme.c0m": (None, "invalid"),
    "ann@@acme.com": (None, "invalid"),
    "ann@acme..com": (None, "invalid"),
    ".ann@acme.com": (None, "invalid"),
    "a..nn@acme.com": (None, "invalid"),
    "ann smith@acme.com": (None, "invalid"),
    "ann@acme.com, bob@acme.com": (None, "invalid"),
    "ann\tsmith@acme.com": (None, "invalid"),
    "ann@ac\u200bme.com": (None, "invalid"),
    "ann@[127.0.0.1]": (None, "invalid"),
    "@acme.com": (None, "invalid"),
    f"{'a' * 245}@acme.com": ("acme.com", "business"),  # 254 characters, the most that RFC 5321 lets through
    f"{'a' * 246}@acme.com": (None, "invalid"),
    "": (None, "missing"),
    "   ": (None, "missing"),
    None: (None, "missing"),
}

# Of company_domain as given and email, the derived company_domain.
SITES = {
    ("acme.com", "ann@other.com"): "acme.com",
    ("https://www.Acme.com:443/jobs?x=1#top", None): "acme.com",
    ("HTTP://acme.com", None): "acme.com",
    ("//www.acme.nl", None): "acme.nl",
    ("eu.acme.com", None): "acme.com",
    ("www.shop.acme.co.uk", None): "acme.co.uk",
    ("acme.github.io", None): "acme.github.io",
    ("acme.com.", None): "acme.com",
    ("ann@acme.com", None): "acme.com",
    ("公司.cn", None): "公司.cn",
    (None, "ann@de.acme.com"): "acme.com",
    (None, "info@acme.com.au"): "acme.com.au",
    (None, "ann@gmail.com"): None,
    (None, "ann@mailinator.com"): None,
    (None, "ann"): None,
    (None, None): None,
    ("n/a", "ann@acme.com"): "acme.com",
    ("unknown", "ann@acme.com"): "acme.com",
    ("  ", "ann@acme.com"): "acme.com",
}

PHONES = {
    "+49 30 901820": "DE",
    "0049 30 901820": "DE",
    "+0049 30 901820": "DE",
    "+49 (0)30 901820": "DE",
    "tel:+49-30-901820": "DE",
    "'+4930901820": "DE",
    "(+33) 1 23 45 67 89": "FR",
    "+1 (415) 555-2671": "US",
    "+1 416 555 2671": "CA",
    "001 416 555 2671": "CA",
    "+1 876 555 2671": "JM",
    "+1 800 555 2671": None,  # toll free in all of +1
    "+44 20 7946 0000": "GB",
    "+44 1481 256789": "GG",
    "+39 06 698 12345": "VA",
    "+39 06 4567890": "IT",
    "+7 495 123 4567": "RU",
    "+7 701 123 4567": "KZ",
    "+800 1234 5678": None,  # international free phone, of no country
    "030 901820": None,
    "4155552671": None,
    "49 30 901820": None,
    "+49": None,
    "+": None,
    "call me": None,
    "": None,
    None: None,
}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


def derived(
    con: duckdb.DuckDBPyConnection, leads: Mapping[str, Sequence[Any]], names: Collection[str], **extra: Sequence[str]
) -> list[dict[str, Any]]:
    """The rows of `derive`, in the order of the leads."""
    table = pa.table({"lead_id": list(range(len(next(iter(leads.values()))))), **leads})
    con.register("leads", table)
    for name, lookup in LOOKUPS.items():
        con.register(name, lookup.rows(extra) if extra else SHIPPED[name])
    unbound = ibis.table(ibis.Schema.from_pyarrow(table.schema), name="leads")
    plan = derive(unbound, names, {name: lookup.table() for name, lookup in LOOKUPS.items()})
    return run(con, plan.order_by("lead_id"))


def run(con: duckdb.DuckDBPyConnection, plan: ibis.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = con.sql(str(ibis.to_sql(plan, dialect="duckdb"))).to_arrow_table().to_pylist()
    return rows


def answers(
    con: duckdb.DuckDBPyConnection, column: str, values: Sequence[str | None], trait: str, **extra: Sequence[str]
) -> list[Any]:
    return [row[trait] for row in derived(con, {column: pa.array(values, "string")}, [trait], **extra)]


# --- e-mail ---------------------------------------------------------------------------------------------------------


def test_domain_and_kind_of_addresses(con: duckdb.DuckDBPyConnection) -> None:
    rows = derived(con, {"email": list(ADDRESSES)}, ["email.domain", "email.kind"])
    assert {row["email"]: (row["email.domain"], row["email.kind"]) for row in rows} == ADDRESSES


def test_kind_alone_is_the_same_as_beside_the_domain(con: duckdb.DuckDBPyConnection) -> None:
    assert answers(con, "email", list(ADDRESSES), "email.kind") == [kind for _, kind in ADDRESSES.values()]


def test_kind_is_missing_without_an_email_column(con: duckdb.DuckDBPyConnection) -> None:
    assert derived(con, {"country": ["DE"]}, ["email.kind", "email.domain"]) == [
        {"lead_id": 0, "country": "DE", "email.domain": None, "email.kind": "missing"}
    ]


def test_user_lists_add_and_overrule(con: duckdb.DuckDBPyConnection) -> None:
    found = answers(
        con, "email", ["a@campus.example", "a@bin.example", "a@aol.com", "Tenders@acme.com", "a@gmx.de"], "email.kind",
        free_email_domains=["@Campus.example"], disposable_email_domains=["bin.example"],
        business_email_domains=["aol.com"], role_addresses=["tenders"],
    )  # fmt: skip
    assert found == ["free", "disposable", "business", "role", "free"]


def test_a_domain_called_business_is_not_disposable_for_its_parent(con: duckdb.DuckDBPyConnection) -> None:
    business = ["good.mailinator.com"]
    assert answers(con, "email", ["a@good.mailinator.com"], "email.kind", business_email_domains=business) == [
        "business"
    ]


# --- company --------------------------------------------------------------------------------------------------------


def test_company_domain_as_given_else_from_an_address_at_work(con: duckdb.DuckDBPyConnection) -> None:
    given, emails = zip(*SITES, strict=True)
    rows = derived(con, {"company_domain": given, "email": emails}, ["company_domain"])
    assert {(site, email): row["company_domain"] for site, email, row in zip(given, emails, rows, strict=True)} == SITES


def test_company_domain_without_a_column_of_that_name(con: duckdb.DuckDBPyConnection) -> None:
    assert answers(con, "email", ["ann@acme.com", "ann@gmail.com"], "company_domain") == ["acme.com", None]


def test_company_domain_keeps_its_place_and_leaves_no_helper_columns(con: duckdb.DuckDBPyConnection) -> None:
    rows = derived(con, {"company_domain": ["www.a.com"], "email": ["a@b.com"], "age": [3]}, ["company_domain"])
    assert [list(row) for row in rows] == [["lead_id", "company_domain", "email", "age"]]


# --- phone ----------------------------------------------------------------------------------------------------------


def test_country_of_phone_numbers(con: duckdb.DuckDBPyConnection) -> None:
    found = answers(con, "phone", list(PHONES), "phone.country")
    assert dict(zip(PHONES, found, strict=True)) == PHONES


def test_numbers_read_as_integers_have_no_country(con: duckdb.DuckDBPyConnection) -> None:
    assert derived(con, {"phone": [4930901820]}, ["phone.country"])[0]["phone.country"] is None


def test_phone_country_agrees_with_phonenumbers_on_an_example_of_every_country(con: duckdb.DuckDBPyConnection) -> None:
    regions = sorted(phonenumbers.SUPPORTED_REGIONS)
    examples = [number for region in regions if (number := phonenumbers.example_number(region))]
    texts = [phonenumbers.format_number(n, phonenumbers.PhoneNumberFormat.INTERNATIONAL) for n in examples]
    expected = [phonenumbers.region_code_for_number(number) for number in examples]
    found = answers(con, "phone", texts, "phone.country")
    assert len(regions) > 240
    wrong = {r: f for r, f, e in zip(regions, found, expected, strict=True) if f != e}
    assert wrong == {"BL": "GP", "MF": "GP"}  # two islands that share mobile prefixes with Guadeloupe


def test_phone_country_agrees_with_phonenumbers_on_random_valid_numbers(con: duckdb.DuckDBPyConnection) -> None:
    """Free-phone and other numbers of no place are left out; beyond seven digits the larger country is right mostly."""
    numbers = [number for _ in range(20_000) if (number := random_number(RANDOM))]
    expected = [phonenumbers.region_code_for_number(number) for number in numbers]
    texts = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in numbers]
    found = answers(con, "phone", texts, "phone.country")
    wrong = [(t, f, e) for t, f, e in zip(texts, found, expected, strict=True) if f != e]
    assert len(numbers) > 2_000
    assert len(wrong) <= len(numbers) * 0.005, wrong[:20]


RANDOM = random.Random(7)  # noqa: S311 - the same numbers on every run
PLACED = {
    phonenumbers.PhoneNumberType.FIXED_LINE,
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
}


def random_number(chance: random.Random) -> phonenumbers.PhoneNumber | None:
    code = chance.choice([1, 1, 7, 39, 44, 44, 47, 49, 61, 91, 212, 262, 358, 590, 599])
    number = phonenumbers.PhoneNumber(country_code=code, national_number=chance.randrange(10**7, 10**10))
    return number if phonenumbers.number_type(number) in PLACED else None


# --- job title ------------------------------------------------------------------------------------------------------


def test_seniority_and_function_of_titles(con: duckdb.DuckDBPyConnection) -> None:
    rows = derived(con, {"job_title": list(TITLES)}, ["job_title.seniority", "job_title.function"])
    found = {row["job_title"]: (row["job_title.seniority"], row["job_title.function"]) for row in rows}
    assert {title: found[title] for title in TITLES if found[title] != TITLES[title]} == {}
    assert len(TITLES) >= 200


def test_expected_titles_use_every_value_that_is_promised() -> None:
    assert {seniority for seniority, _ in TITLES.values()} - {None} == set(SENIORITIES)
    assert {function for _, function in TITLES.values()} - {None} == set(FUNCTIONS)


@pytest.mark.parametrize("trait", ["job_title.seniority", "job_title.function"])
def test_one_title_trait_alone_is_the_same_as_beside_the_other(con: duckdb.DuckDBPyConnection, trait: str) -> None:
    index = ["job_title.seniority", "job_title.function"].index(trait)
    assert answers(con, "job_title", list(TITLES), trait) == [expected[index] for expected in TITLES.values()]


def test_missing_titles_give_null(con: duckdb.DuckDBPyConnection) -> None:
    found = derived(con, {"job_title": ["", "  ", None]}, ["job_title.seniority", "job_title.function"])
    assert [(row["job_title.seniority"], row["job_title.function"]) for row in found] == [(None, None)] * 3


def test_words_inside_words_are_not_heard(con: duckdb.DuckDBPyConnection) -> None:
    """`cto` in director, `coo` in cook, `vp` in mvp, `intern` in internal, `head` in headhunter."""
    titles = ["Director", "Cook", "MVP", "Internal auditor", "Headhunter", "Presidential aide"]
    assert answers(con, "job_title", titles, "job_title.seniority") == ["director", *["staff"] * 5]


def test_accents_in_either_unicode_form_are_the_same(con: duckdb.DuckDBPyConnection) -> None:
    composed, decomposed = "Étudiante", "E\u0301tudiante"
    assert answers(con, "job_title", [composed, decomposed], "job_title.seniority") == ["student", "student"]


def test_users_own_words_in_titles(con: duckdb.DuckDBPyConnection) -> None:
    found = derived(
        con, {"job_title": ["Häuptling", "Octopus trainer", "CEO"]}, ["job_title.seniority", "job_title.function"],
        job_title_c_level=["Häuptling"], job_title_research=["octopus trainer"], job_title_sales=["ceo"],
    )  # fmt: skip
    pairs = [(row["job_title.seniority"], row["job_title.function"]) for row in found]
    assert pairs == [("c_level", None), ("staff", "research"), ("c_level", "sales")]


def test_titles_and_phrases_are_folded_alike(con: duckdb.DuckDBPyConnection) -> None:
    samples = [*TITLES, "Größe ß", "Łódź I Øre", "Ñandú/Ç", "İstanbul ı", "R&D  (m/w/d)", "Œuvre", "¿Qué?"]
    con.register("samples", pa.table({"title": samples}))
    titles = ibis.table({"title": "string"}, name="samples")
    rows = run(con, titles.select("title", folded=folded_title(titles["title"])))
    assert {row["title"]: row["folded"].strip() for row in rows} == {title: fold_title(title) for title in samples}


# --- all of them ----------------------------------------------------------------------------------------------------


def awkward_leads() -> dict[str, list[str | None]]:
    """Every awkward value of every column, each with each other at least once in some row; rows repeat."""
    chance = random.Random(3)  # noqa: S311 - the same leads on every run
    pools: dict[str, list[str | None]] = {
        "email": list(ADDRESSES), "job_title": [*TITLES, None, "", "'; drop table leads --", "😀 CEO", "a" * 5000],
        "phone": list(PHONES), "company_domain": [site for site, _ in SITES],
    }  # fmt: skip
    return {name: [chance.choice(pool) for _ in range(3000)] for name, pool in pools.items()}


def test_rows_are_kept_and_kind_is_never_null_and_values_are_those_promised(con: duckdb.DuckDBPyConnection) -> None:
    leads = awkward_leads()
    rows = derived(con, leads, list(DERIVED))
    assert [row["lead_id"] for row in rows] == list(range(3000))
    for name in set(leads) - {"company_domain"}:
        assert [row[name] for row in rows] == leads[name]
    for trait in DERIVED.values():
        allowed = set(trait.values or ()) | {None}
        assert trait.values is None or {row[trait.name] for row in rows} <= allowed
    assert None not in {row["email.kind"] for row in rows}


def test_each_trait_alone_is_the_same_as_among_all(con: duckdb.DuckDBPyConnection) -> None:
    together = derived(con, awkward_leads(), list(DERIVED))
    for name in DERIVED:
        alone = derived(con, awkward_leads(), [name])
        assert [row[name] for row in alone] == [row[name] for row in together]


@pytest.mark.parametrize("name", list(DERIVED))
def test_no_source_column_gives_null_or_missing(con: duckdb.DuckDBPyConnection, name: str) -> None:
    assert derived(con, {"country": ["DE"]}, [name])[0][name] == ("missing" if name == "email.kind" else None)


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark"])
def test_plan_can_be_written_for_every_engine(dialect: str) -> None:
    leads = ibis.table(
        dict.fromkeys(["lead_id", "email", "job_title", "phone", "company_domain"], "string"), name="leads"
    )
    plan = derive(leads, list(DERIVED), {name: lookup.table() for name, lookup in LOOKUPS.items()})
    sql = str(ibis.to_sql(plan, dialect=dialect))
    assert {name for name in LOOKUPS if re.search(rf"\b{name}\b", sql)} == set(LOOKUPS)


def test_traits_name_the_sources_and_lookups_they_need() -> None:
    for trait in DERIVED.values():
        table = ibis.table(dict.fromkeys(["lead_id", *trait.sources], "string"), name="leads")
        needed = {name: LOOKUPS[name].table() for name in trait.lookups}
        assert trait.name in derive(table, [trait.name], needed).columns


def test_a_column_that_leads_bring_is_left_as_it_is(con: duckdb.DuckDBPyConnection) -> None:
    rows = derived(con, {"email": ["a@gmail.com"], "email.kind": ["vip"]}, ["email.kind"])
    assert rows == [{"lead_id": 0, "email": "a@gmail.com", "email.kind": "vip"}]


def test_no_names_give_the_leads_back(con: duckdb.DuckDBPyConnection) -> None:
    assert derived(con, {"email": ["a@b.com"]}, []) == [{"lead_id": 0, "email": "a@b.com"}]


def test_unknown_trait_is_refused_with_those_that_exist() -> None:
    with pytest.raises(PlanError, match=r"'email.kin'.*email.kind"):
        derive(ibis.table({"email": "string"}, name="leads"), ["email.kin"], {})


# --- lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(LOOKUPS))
def test_keys_are_unique_and_never_null(name: str) -> None:
    rows = LOOKUPS[name].rows()
    keys = rows.column(0).to_pylist()
    assert len(keys) > 300
    assert None not in keys
    assert len(keys) == len(set(keys))
    assert rows.column_names == list(LOOKUPS[name].columns)


def test_phrases_of_titles_say_only_what_is_promised() -> None:
    rows = LOOKUPS["job_titles"].rows().to_pydict()
    assert set(rows["seniority"]) <= {*SENIORITIES, None}
    assert set(rows["function"]) <= {*FUNCTIONS, "none", None}
    assert all(anchor in needle.split() for anchor, needle in zip(rows["anchor"], rows["needle"], strict=True))


def test_user_rows_keep_keys_unique() -> None:
    extra = {"free_email_domains": ["gmail.com", "GMAIL.com", ""], "job_title_vp": ["CEO", "ceo", "..."]}
    for name in ("email_domains", "job_titles"):
        keys = LOOKUPS[name].rows(extra).column(0).to_pylist()
        assert len(keys) == len(set(keys)) == LOOKUPS[name].rows().num_rows


def test_unknown_list_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match=r"unknown list 'free_domains'.*Did you mean 'free_email_domains'"):
        LOOKUPS["email_domains"].rows({"free_domains": ["a.com"]})


def test_list_that_is_one_text_is_refused() -> None:
    with pytest.raises(UsageError, match="role_addresses must be a list"):
        LOOKUPS["role_addresses"].rows({"role_addresses": "tenders"})


def test_lists_are_read_from_files_with_comments(tmp_path: Path) -> None:
    (tmp_path / "free.txt").write_bytes(
        "\ufeff# ours\n campus.example  # since 2024\n\nünder.de\r\nc#.example".encode()
    )
    assert read_lists({"free_email_domains": tmp_path / "free.txt"}) == {
        "free_email_domains": ("campus.example", "ünder.de", "c#.example")
    }


def test_list_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"role_addresses: cannot read .*gone.txt"):
        read_lists({"role_addresses": tmp_path / "gone.txt"})


def test_every_list_is_read_by_some_lookup() -> None:
    readers = [LOOKUPS[name] for name in ("email_domains", "role_addresses", "job_titles")]
    shipped = {lookup.name: lookup.rows() for lookup in readers}
    for name in LISTS:
        changed = [lookup.name for lookup in readers if lookup.rows({name: ["zz.example"]}) != shipped[lookup.name]]
        assert len(changed) == 1, name
