"""What files and columns are taken for, and why."""

from __future__ import annotations

import random
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from scoville.data.recognise import Recognition, data_files, recognise
from scoville.data.recognise.afterwards import area_under
from scoville.data.workspace import Settings
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NOW = datetime(2026, 11, 21)  # noqa: DTZ001 - naive UTC, as everywhere inside


def look(*sources: str | Path, is_lenient: bool = False, **given: Path) -> Recognition:
    named = {kind: str(path) for kind, path in given.items()}
    return recognise(
        DuckDB().place, [str(one) for one in sources], Settings(), now=NOW, given=named, is_lenient=is_lenient
    )


def write(folder: Path, name: str, rows: Sequence[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def roles(found: Recognition, kind: str = "leads") -> dict[str, str]:
    file = next(file for file in found.files() if file.kind == kind)
    return {role.name: role.column for role in file.roles if role.is_sure}


def cautions(found: Recognition) -> dict[str, str]:
    return {caution.column: caution.kind for caution in found.leads.cautions}


CRM = [
    (
        "Record ID,Email,Job Title,Company Name,Website URL,Country/Region,Create Date,Contact owner,Original Source,"
        "Phone Number,Lead Status"
    ),
    "501,ada@acme.com,VP Sales,Acme,https://www.acme.com,GB,2025-03-01,Kim,Referral,+44 20 7946 0991,Customer",
    "502,bob@beta.io,Engineer,Beta,beta.io,US,2025-03-02,Kim,Organic,+1 415 555 0132,Open",
    "503,eve@gamma.de,CEO,Gamma GmbH,gamma.de,DE,2025-03-05,Lee,Organic,+49 30 901820,Open",
]


def test_columns_of_a_crm_export_are_found_by_name_and_value(tmp_path: Path) -> None:
    found = look(write(tmp_path, "contacts.csv", CRM))
    assert roles(found) == {
        "lead_id": "Record ID",
        "email": "Email",
        "phone": "Phone Number",
        "job_title": "Job Title",
        "company_domain": "Website URL",
        "company": "Company Name",
        "country": "Country/Region",
        "created_at": "Create Date",
        "owner": "Contact owner",
        "source": "Original Source",
    }
    assert found.outcome is not None
    assert (found.outcome.column, found.outcome.won) == ("Lead Status", ("Customer",))


HEADINGS = {
    "kontakte.csv": "Kundennummer;E-Mail;Telefon;Jobtitel;Firma;Webseite;Land;Angelegt am;Quelle;Vorname;Mitarbeiter",
    "clients.csv": (
        "ID client;Adresse e-mail;Téléphone;Fonction;Société;Site web;Pays;Date de création;Provenance;Prénom;Effectif"
    ),
    "contactos.csv": (
        "ID de cliente;Correo electrónico;Teléfono;Cargo;Empresa;Página web;País;Fecha de creación;Fuente;Nombre;Sector"
    ),
}
ROW = "{n};ida{n}@acme.eu;+49 30 90182{n};Einkauf {n};Acme SA;acme.eu;FR;0{n}.03.2025;Messe;Ida;1{n}"
OURS = ("lead_id", "email", "phone", "job_title", "company", "company_domain", "country", "created_at", "source")


@pytest.mark.parametrize("name", list(HEADINGS))
def test_headings_of_german_french_and_spanish_exports_are_known(tmp_path: Path, name: str) -> None:
    found = look(write(tmp_path, name, [HEADINGS[name], *(ROW.format(n=n) for n in range(1, 8))]))
    assert roles(found) == dict(zip(OURS, HEADINGS[name].split(";")[: len(OURS)], strict=True))
    assert "its name says leads" in found.leads.reason


def test_events_and_deals_of_german_exports_are_known(tmp_path: Path) -> None:
    leads = write(tmp_path, "kunden.csv", ["Kundennummer,Firma", *(f"{n},Firma {n}" for n in range(9))])
    rows = [f"{n % 4},{('Besuch', 'Anruf')[n % 2]},2025-03-0{n % 8 + 1} 10:00" for n in range(12)]
    events = write(tmp_path, "aktivitaeten.csv", ["Kunden-ID,Aktivität,Zeitpunkt", *rows])
    deals = ["Kunden-ID,Ergebnis,Abschlussdatum,Betrag", "1,gewonnen,2025-04-01,900", "2,verloren,2025-04-02,"]
    found = look(leads, events, write(tmp_path, "abschluesse.csv", deals))
    assert roles(found, "events") == {"lead_id": "Kunden-ID", "event": "Aktivität", "occurred_at": "Zeitpunkt"}
    expected = {"lead_id": "Kunden-ID", "outcome": "Ergebnis", "at": "Abschlussdatum", "value": "Betrag"}
    assert roles(found, "outcomes") == expected
    assert found.outcome is not None
    assert found.outcome.won == ("gewonnen",)


def test_the_reason_of_an_id_counts_its_values(tmp_path: Path) -> None:
    role = look(write(tmp_path, "contacts.csv", CRM)).leads.role("lead_id")
    assert role is not None
    assert role.reason == "3 distinct of 3, never empty; the name says record id"


def test_a_name_without_fitting_values_gives_no_role(tmp_path: Path) -> None:
    rows = ["lead_id,Do Not Email,phone", *(f"{n},{'Yes' if n % 2 else 'No'},not given" for n in range(30))]
    assert roles(look(write(tmp_path, "leads.csv", rows))) == {"lead_id": "lead_id"}


def test_addresses_are_found_by_their_values_alone(tmp_path: Path) -> None:
    rows = ["id,Kontakt", *(f"{n},person{n}@firm{n}.com" for n in range(30))]
    assert roles(look(write(tmp_path, "leads.csv", rows)))["email"] == "Kontakt"


def test_without_an_id_the_address_stands_for_it(tmp_path: Path) -> None:
    rows = ["Name,E-Mail", *(f"Person {n},person{n}@firm{n}.com" for n in range(30))]
    assert roles(look(write(tmp_path, "people.csv", rows)))["lead_id"] == "E-Mail"


def test_rows_that_nothing_tells_apart_are_numbered_and_that_is_said(tmp_path: Path) -> None:
    rows = [
        "age,job,y",
        *(f"{20 + n % 40},{'clerk' if n % 3 else 'manager'},{'yes' if n % 9 == 0 else 'no'}" for n in range(200)),
    ]
    found = look(write(tmp_path, "bank.csv", rows))
    assert found.leads.is_numbered
    assert "its rows get numbers" in found.unsure[0]
    assert found.outcome is not None
    assert found.outcome.reason == "'yes' in 11.5% of the rows; the name says so"  # 23 of 200


LEADS = ["lead_id,segment", *(f"L{n},{'a' if n % 2 else 'b'}" for n in range(40))]
EVENTS = [
    "user_id,event,timestamp",
    *(f"L{n % 40},{'opened' if n % 3 else 'clicked'},2025-05-{1 + n % 28:02}T10:00:00Z" for n in range(200)),
]
OUTCOMES = ["lead_id,outcome,closed_at", *(f"L{n},{'won' if n % 4 == 0 else 'lost'},2025-06-01" for n in range(30))]


def test_files_of_a_folder_are_told_apart(tmp_path: Path) -> None:
    write(tmp_path, "one.csv", EVENTS)
    write(tmp_path, "two.csv", OUTCOMES)
    write(tmp_path, "three.csv", LEADS)
    write(tmp_path, "readme.txt", ["nothing to see"])
    found = look(*data_files([str(tmp_path)]), is_lenient=True)
    assert {file.kind: file.short_name for file in found.files()} == {
        "leads": "three.csv",
        "events": "one.csv",
        "outcomes": "two.csv",
    }
    assert roles(found, "events") == {"lead_id": "user_id", "event": "event", "occurred_at": "timestamp"}
    assert roles(found, "outcomes") == {"lead_id": "lead_id", "outcome": "outcome", "at": "closed_at"}
    assert found.outcome is not None
    assert found.outcome.won == ("won",)


def test_of_two_ids_the_one_that_events_speak_of_is_taken(tmp_path: Path) -> None:
    leads = ["prospect_id,crm_no,segment", *(f"P{n},C{n},{'a' if n % 2 else 'b'}" for n in range(40))]
    events = ["contact_id,event,occurred_at", *(f"C{n % 40},opened,2025-05-01" for n in range(80))]
    found = look(leads=write(tmp_path, "l.csv", leads), events=write(tmp_path, "e.csv", events))
    role = found.leads.role("lead_id")
    assert role is not None
    assert role.column == "crm_no"
    assert role.reason.endswith("events speak of it")


def test_events_that_speak_of_addresses_leave_the_id_as_it_is(tmp_path: Path) -> None:
    leads = ["lead_id,email", *(f"L{n},p{n}@firm{n}.com" for n in range(40))]
    events = ["email,event,occurred_at", *(f"p{n % 40}@firm{n % 40}.com,opened,2025-05-01" for n in range(80))]
    found = look(write(tmp_path, "leads.csv", leads), write(tmp_path, "events.csv", events))
    assert roles(found)["lead_id"] == "lead_id"
    assert roles(found, "events")["lead_id"] == "email"


def test_events_of_nobody_known_are_not_used(tmp_path: Path) -> None:
    events = ["lead_id,event,occurred_at", *(f"X{n % 40},opened,2025-05-01" for n in range(80))]
    found = look(write(tmp_path, "leads.csv", LEADS), write(tmp_path, "events.csv", events))
    assert found.events is None
    assert found.aside[0][1] == "none of its ids is that of a lead"


def test_a_date_that_reads_two_ways_is_for_a_person_to_decide(tmp_path: Path) -> None:
    rows = ["lead_id,created_at", *(f"L{n},0{1 + n % 9}/0{1 + n % 7}/2025" for n in range(30))]
    found = look(write(tmp_path, "leads.csv", rows))
    assert any("date_order" in doubt for doubt in found.unsure)


def test_a_vague_name_is_offered_and_not_taken(tmp_path: Path) -> None:
    rows = ["lead_id,first_call", *(f"L{n},2025-03-{1 + n % 28:02}" for n in range(30))]
    found = look(write(tmp_path, "leads.csv", rows))
    assert found.leads.role("created_at") is None
    assert "leads.csv: first_call may be created_at (times, never empty; the name has 'first' in it)." in found.unsure


def test_events_in_the_future_do_not_count_as_the_newest(tmp_path: Path) -> None:
    events = [*EVENTS, "L1,opened,2099-01-01T00:00:00Z"]
    found = look(write(tmp_path, "leads.csv", LEADS), write(tmp_path, "events.csv", events))
    assert found.newest_at == datetime(2025, 5, 28, 10)  # noqa: DTZ001 - naive UTC


def test_columns_that_carry_no_rule_are_named_with_the_reason(tmp_path: Path) -> None:
    head = "lead_id,crm_id,magazine,fax,remark,city"
    rows = [f"L{n},{9000 + n},No,,{'word ' * 20}{n},{('Rome', 'Select')[n % 2]}" for n in range(400)]
    found = cautions(look(write(tmp_path, "leads.csv", [head, *rows])))
    assert found == {
        "crm_id": "id",
        "magazine": "constant",
        "fax": "empty",
        "remark": "free text",
        "city": "placeholders",
    }


def leaky_rows(count: int = 600) -> list[str]:
    """A third wins. Tags, lost_at and call length follow the outcome; size and city do not."""
    dice = random.Random(7)  # noqa: S311 - not for secrets
    rows = ["lead_id,city,size,memo_tag,paid_plan,last_call,converted"]
    for n in range(count):
        won = n % 3 == 0
        tag = "sold" if won and n % 2 == 0 else dice.choice(["warm", "busy", "later"])
        plan = dice.choice(["gold", "basic"]) if won else ""
        call = dice.randint(200, 900) if won else dice.randint(10, 300)
        rows.append(f"L{n},{dice.choice(['Rome', 'Oslo'])},{dice.randint(1, 900)},{tag},{plan},{call},{int(won)}")
    return rows


def test_columns_written_after_the_outcome_are_caught_by_their_values(tmp_path: Path) -> None:
    found = look(write(tmp_path, "leads.csv", leaky_rows()))
    late = {caution.column: caution.reason for caution in found.leads.cautions if caution.kind == "afterwards"}
    assert late.keys() == {"memo_tag", "paid_plan", "last_call"}
    assert late["memo_tag"] == "100% of the leads with 'sold' won, of all 33.3%"
    assert late["paid_plan"] == "filled for 100% of the winners and under 0.1% of the others"
    assert late["last_call"].startswith("alone it tells a winner from another lead 9")


def test_the_order_of_rows_changes_nothing(tmp_path: Path) -> None:
    head, *rows = leaky_rows()
    one = look(write(tmp_path, "leads.csv", [head, *rows]))
    other = look(write(tmp_path, "leads.csv", [head, *reversed(rows)]))
    assert (one.leads.roles, one.leads.cautions, one.outcome) == (
        other.leads.roles,
        other.leads.cautions,
        other.outcome,
    )


@pytest.mark.parametrize(
    ("name", "is_late"),
    [
        ("Acme Engagement Score", True),
        ("leadGrade", True),
        ("profile_rating", True),
        ("credit_score", False),
        ("activity", False),
        ("profile_index_page", False),
        ("cons.price.idx", False),
    ],
)
def test_what_another_tool_scored_is_caught_by_its_name(tmp_path: Path, name: str, is_late: bool) -> None:  # noqa: FBT001
    rows = [f"lead_id,{name}", *(f"L{n},{n % 5}" for n in range(40))]
    found = cautions(look(write(tmp_path, "leads.csv", rows)))
    assert (found.get(name) == "afterwards") == is_late


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ([(10, 0), (10, 10)], 1.0),
        ([(10, 10), (10, 0)], 0.0),
        ([(20, 10)], 0.5),
        ([(5, 0)], 0.5),
        # by hand: winners 1 and 3, others 2 of each; pairs won 1*(2/2) + 3*(2 + 2/2) = 10 of 4*4
        ([(3, 1), (5, 3)], 10 / 16),
    ],
)
def test_the_area_is_the_chance_that_a_winner_stands_higher(groups: list[tuple[int, int]], expected: float) -> None:
    assert area_under(groups) == pytest.approx(expected)


def test_a_log_alone_is_no_list_of_leads(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Name the leads with --leads FILE"):
        look(write(tmp_path, "events.csv", EVENTS))


def test_a_file_of_a_folder_that_cannot_be_read_is_set_aside(tmp_path: Path) -> None:
    write(tmp_path, "leads.csv", LEADS)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 but nothing else")
    found = look(*data_files([str(tmp_path)]), is_lenient=True)
    assert [source.rpartition("/")[2] for source, _ in found.aside] == ["broken.parquet"]


@pytest.mark.parametrize(
    ("folder", "kinds", "won"),
    [
        ("xeducation", {"leads": "Leads.csv"}, ("1",)),
        (
            "bpi2012",
            {"leads": "leads.parquet", "events": "events.parquet", "outcomes": "outcomes.parquet"},
            ("approved",),
        ),
        (
            "udacity",
            {"leads": "leads.parquet", "events": "events.parquet", "outcomes": "conversions.parquet"},
            ("paid",),
        ),
        ("olist", {"leads": "leads.parquet", "events": "events.parquet", "outcomes": "conversions.parquet"}, ()),
    ],
)
def test_real_folders_are_understood(shared: Path, folder: str, kinds: dict[str, str], won: tuple[str, ...]) -> None:
    found = look(*data_files([str(shared / "datasets" / folder)]), is_lenient=True)
    assert {file.kind: file.short_name for file in found.files()} == kinds
    assert found.outcome is not None
    assert found.outcome.won == won


def test_what_sales_typed_in_afterwards_at_x_education_is_caught(shared: Path) -> None:
    found = look(shared / "datasets" / "xeducation" / "Leads.csv")
    late = {caution.column for caution in found.leads.cautions if caution.kind == "afterwards"}
    # research on the set: these are filled in by sales, or by the scoring of the CRM, after the fact
    by_sales = {"Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity"}
    by_scoring = {f"Asymmetrique {what} {kind}" for what in ("Activity", "Profile") for kind in ("Index", "Score")}
    assert late == by_sales | by_scoring


@pytest.mark.parametrize(
    ("path", "leak"),
    [
        ("bank/bank-full.csv", "duration"),
        ("bank/bank-additional-full.csv", "duration"),
        ("shoppers/online_shoppers_intention.csv", "PageValues"),
    ],
)
def test_the_known_leak_of_each_set_and_no_other_column_is_caught(shared: Path, path: str, leak: str) -> None:
    found = look(shared / "datasets" / path)
    assert [caution.column for caution in found.leads.cautions if caution.kind == "afterwards"] == [leak]
