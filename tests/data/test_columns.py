"""Which column of a file is which of ours."""

from __future__ import annotations

import pytest

from scoville.data.columns import resolve_columns, snake_case
from scoville.errors import DataError


def names(relation: str, found: list[str], **mapping: str) -> dict[str, str]:
    return dict(resolve_columns(relation, "file.csv", found, mapping).names)


def refusal(relation: str, found: list[str], **mapping: str) -> str:
    with pytest.raises(DataError) as refused:
        names(relation, found, **mapping)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "snake"),
    [
        ("Prospect ID", "prospect_id"),
        ("prospectId", "prospect_id"),
        ("E-mail ", "e_mail"),
        ("created_at", "created_at"),
    ],
)
def test_spellings_of_one_name(name: str, snake: str) -> None:
    assert snake_case(name) == snake


def test_mapping_renames_and_the_rest_keeps_its_name() -> None:
    assert names("leads", ["City", "Nr"], lead_id="Nr") == {"lead_id": "Nr", "City": "City"}


def test_mapping_ignores_case() -> None:
    assert names("leads", ["City", "NR"], lead_id="nr")["lead_id"] == "NR"


def test_any_trait_can_be_mapped() -> None:
    assert names("leads", ["lead_id", "No. of staff"], employees="No. of staff") == {
        "lead_id": "lead_id",
        "employees": "No. of staff",
    }


@pytest.mark.parametrize("column", ["lead_id", "Lead ID", "Prospect ID", "contactId", "id", "USER_ID"])
def test_well_known_names_of_an_id_are_accepted(column: str) -> None:
    assert names("leads", ["City", column])["lead_id"] == column


def test_our_own_name_wins_over_other_names() -> None:
    assert names("leads", ["id", "lead_id"]) == {"lead_id": "lead_id", "id": "id"}


def test_events_of_common_trackers() -> None:
    assert names("events", ["user_id", "event_name", "timestamp", "path"]) == {
        "lead_id": "user_id",
        "event": "event_name",
        "occurred_at": "timestamp",
        "path": "path",
    }


def test_email_stands_in_for_an_id_and_stays_a_trait() -> None:
    columns = resolve_columns("leads", "file.csv", ["E-Mail", "City"], {})
    assert columns.is_keyed_by_email
    assert dict(columns.names) == {"lead_id": "E-Mail", "email": "E-Mail", "City": "City"}


def test_email_is_no_id_where_there_is_one() -> None:
    columns = resolve_columns("leads", "file.csv", ["email", "user_id"], {})
    assert not columns.is_keyed_by_email
    assert columns.names["lead_id"] == "user_id"


def test_two_candidates_are_not_guessed_between() -> None:
    text = refusal("leads", ["user_id", "contact_id"])
    assert "may be any of the columns user_id, contact_id" in text
    assert '--map leads.lead_id="user_id"' in text


def test_missing_column_names_the_nearest_and_the_flag() -> None:
    text = refusal("leads", ["LeadNr", "City"])
    assert "Did you mean 'LeadNr'? Columns found: LeadNr, City." in text
    assert '--map leads.lead_id="LeadNr"' in text


def test_single_column_makes_one_doubt_the_delimiter() -> None:
    assert "is the delimiter what you expect?" in refusal("leads", ["a;b"])


def test_mapping_to_a_column_that_is_not_there() -> None:
    text = refusal("leads", ["Prospect ID"], lead_id="Prospect Id.")
    assert "no column 'Prospect Id.', which leads.lead_id is mapped to. Did you mean 'Prospect ID'?" in text


def test_long_lists_of_columns_are_cut() -> None:
    assert "and 38 more" in refusal("leads", [f"x{number}" for number in range(50)])


def test_column_whose_name_is_taken_by_a_mapping_is_left_out_and_said() -> None:
    columns = resolve_columns("leads", "file.csv", ["lead_id", "Nr"], {"lead_id": "Nr"})
    assert dict(columns.names) == {"lead_id": "Nr"}
    assert "left out: lead_id is read from another column" in str(columns.notices[0])
