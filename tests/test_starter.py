"""The first model that is proposed: valid, quiet under advice, of few factors, and never built on leaks."""

from __future__ import annotations

import csv
import tomllib
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoville import demo
from scoville.data.recognise import Recognition, data_files, recognise
from scoville.data.traits import DERIVED
from scoville.data.workspace import Settings, parse_workspace
from scoville.data.workspace_text import workspace_text
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError
from scoville.model.lint import find_advice
from scoville.model.load import Model
from scoville.model.misfits import find_misfits
from scoville.starter import starter_model
from scoville.starter.factors import comment, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = datetime(2026, 11, 21)  # noqa: DTZ001 - naive UTC, as everywhere inside


def look(*places: Path) -> Recognition:
    return recognise(DuckDB().place, data_files(map(str, places)), Settings(), now=NOW, is_lenient=True)


def write(folder: Path, name: str, rows: Sequence[str]) -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def model_of(*places: Path) -> Model:
    return Model.loads(starter_model(look(*places)))


def rules(model: Model) -> list[str]:
    return [rule.name for rule in (*model.fit.rules, *model.engagement.rules)]


def advice(model: Model) -> list[str]:
    return [problem.message for problem in find_advice(model)]


ONLY_FIT = ["only fit is scored: add rules to `engagement`"]
ONLY_BEHAVIOUR = ["only behaviour is scored: add rules to `fit`"]


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    demo.write(folder, 600, seed=3)
    return folder


def test_the_model_of_the_demo_data_follows_all_advice(demo_folder: Path) -> None:
    model = model_of(demo_folder)
    assert advice(model) == []
    assert rules(model) == [
        "Decision maker",
        "Company size",
        "Free email address",
        "Asked for it",
        "Pricing page",
        *(rule.name for rule in model.engagement.rules if rule.group == "Interest"),
        "Seen lately",
        "Turned away",
    ]


def test_the_strongest_sign_names_what_they_asked_for(demo_folder: Path) -> None:
    text = starter_model(look(demo_folder))
    assert "event: [demo_requested, trial_started]" in text
    assert "event: unsubscribed\n      points: -20" in text


def test_points_are_called_a_guess(demo_folder: Path) -> None:
    assert "# THE POINTS ARE A STARTING GUESS" in starter_model(look(demo_folder))


def test_the_same_files_give_the_same_text(demo_folder: Path) -> None:
    assert starter_model(look(demo_folder)) == starter_model(look(demo_folder))


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("xeducation", ONLY_FIT),
        ("bank/bank-full.csv", ONLY_FIT),
        ("bank/bank-additional-full.csv", ONLY_FIT),
        ("shoppers", ONLY_FIT),
        ("bpi2012", []),
        ("olist", []),
        ("udacity", ONLY_BEHAVIOUR),  # its leads have nothing but the day on which they joined
    ],
)
def test_real_data_gets_a_model_that_fits_its_columns(shared: Path, place: str, expected: list[str]) -> None:
    found = look(shared / "datasets" / place)
    model = Model.loads(starter_model(found))
    assert advice(model) == expected
    assert 3 <= len(rules(model)) <= 10
    columns = {role.name: "string" for role in found.leads.roles} | {
        column.name: {"number": "float64", "time": "timestamp", "yes/no": "boolean"}.get(column.type, "string")
        for column in found.leads.look.columns
    }
    seen = {event.name: event.count for event in found.events_seen}
    assert find_misfits(model, columns, None, seen, derived=DERIVED) == []


@pytest.mark.parametrize(
    ("place", "leaks"),
    [
        ("xeducation", ["Tags", "Lead Quality", "Lead Profile", "Last Notable Activity", "Converted"]),
        ("bank/bank-full.csv", ["duration", "y"]),
        ("shoppers", ["PageValues", "Revenue"]),
    ],
)
def test_no_rule_reads_what_may_be_written_after_the_outcome(shared: Path, place: str, leaks: list[str]) -> None:
    model = model_of(shared / "datasets" / place)
    assert not {getattr(rule, "by", None) for rule in model.fit.rules} & set(leaks)


TITLES = ["id,email,title", "1,ada@acme.com,CEO", "2,bob@gmail.com,Engineer", "3,eve@rival.com,Sales Manager"]


def test_three_columns_are_enough(tmp_path: Path) -> None:
    model = model_of(write(tmp_path, "leads.csv", TITLES))
    assert rules(model) == ["Decision maker", "Free email address"]
    assert model.stages[-1].name == "SQL"


def test_leads_without_any_fact_are_refused_with_what_to_add(tmp_path: Path) -> None:
    found = look(write(tmp_path, "leads.csv", ["lead_id,name", "1,Ada", "2,Bob"]))
    with pytest.raises(DataError, match="no column says anything that a score could rest on"):
        starter_model(found)


def test_private_addresses_cost_nothing_where_most_leads_have_one(tmp_path: Path) -> None:
    rows = ["id,email,plan", *(f"{n},p{n}@gmail.com,{'gold' if n % 2 else 'free'}" for n in range(40))]
    text = starter_model(look(write(tmp_path, "leads.csv", rows)))
    assert "{email.kind: [disposable, invalid]}" in text
    assert "Free email address" not in text


def test_company_sizes_in_words_rise_with_their_numbers(tmp_path: Path) -> None:
    sizes = ["1-10", "11-50", "1,001-5,000", "51-200", "5,000+"]
    rows = ["id,Company Size", *(f'{n},"{sizes[n % 5]}"' for n in range(50))]
    model = model_of(write(tmp_path, "leads.csv", rows))
    values = model.to_dict()["fit"]["rules"][0]["values"]
    assert list(values) == ["1-10", "11-50", "51-200", "1,001-5,000", "5,000+"]
    assert sorted(values.values()) == list(values.values())
    assert values["1-10"] == -5


def test_a_number_gets_points_by_its_quarters(tmp_path: Path) -> None:
    rows = ["id,employees", *(f"{n},{n}" for n in range(1, 101))]
    model = model_of(write(tmp_path, "leads.csv", rows))
    # quartiles of 1..100 are 25.75, 50.5 and 75.25; two digits of each
    assert model.to_dict()["fit"]["rules"][0]["bands"] == [
        {"below": 26, "points": -5},
        {"from": 50, "below": 75, "points": 50},
        {"from": 75, "points": 100},
    ]


def test_names_that_yaml_would_misread_are_quoted(tmp_path: Path) -> None:
    head = 'id,"Industry: {main} # ""x""",Do Not Email'
    rows = [head, *(f"{n},{('NO', 'on', '1.5', 'a: b')[n % 4]},{'Yes' if n % 3 else 'No'}" for n in range(40))]
    model = model_of(write(tmp_path, "leads.csv", rows))
    industry = model.to_dict()["fit"]["rules"][0]
    assert industry["by"] == 'Industry: {main} # "x"'
    assert set(industry["values"]) <= {"NO", "on", "1.5", "a: b"}


@pytest.mark.parametrize("text", ["No", "on", "~", "1e3", "- a", "#x", "a: b", "null", " x", "é", "a\nb", "*", "@x"])
def test_a_text_stays_the_same_text_through_yaml(text: str) -> None:
    model = Model.loads(
        f"scoville: 1\nname: x\nfit:\n  rules:\n    - {{name: r, by: t, values: {{{quoted(text)}: 1}}}}\n"
    )
    assert list(model.to_dict()["fit"]["rules"][0]["values"]) == [text]


def test_a_comment_never_ends_before_its_text() -> None:
    assert comment("one\nscoville: 2\n\ttwo") == ["# one scoville: 2 two"]


def test_events_that_are_the_outcome_or_our_own_give_no_points(tmp_path: Path) -> None:
    leads = ["lead_id,segment", *(f"L{n},{'a' if n % 2 else 'b'}" for n in range(60))]
    names = ["deal_won", "email_sent", "guide_downloaded", "form_bounced", "page_viewed"]
    events = ["lead_id,event,occurred_at", *(f"L{n % 60},{names[n % 5]},2025-05-01" for n in range(300))]
    model = model_of(write(tmp_path, "leads.csv", leads), write(tmp_path, "events.csv", events))
    named = {name for rule in model.engagement.rules for name in rule.event}
    assert named == {"guide_downloaded", "page_viewed", "form_bounced", "*"}


def test_a_model_beside_a_fit_that_only_takes_away_leaves_room_on_the_scale(tmp_path: Path) -> None:
    leads = ["id,email", *(f"{n},p{n}@firm{n}.com" for n in range(30))]
    events = [
        "user_id,event,occurred_at",
        *(f"{n % 30},{('opened', 'demo_requested')[n % 2]},2025-05-01" for n in range(45)),
    ]
    model = model_of(write(tmp_path, "leads.csv", leads), write(tmp_path, "events.csv", events))
    assert advice(model) == []


LETTERS = st.characters(codec="utf-8", exclude_characters='"\x00')
NAMES = st.text(LETTERS, min_size=1, max_size=12).map(str.strip).filter(bool)
VALUES = st.sampled_from(
    [
        "",
        "yes",
        "No",
        "1",
        "0",
        "2.5",
        "1,200",
        "2025-01-02",
        "03/04/2025",
        "a@b.com",
        "a: b #c",
        "~",
        "é'",
        "-",
        "\x85",
    ]
)


@settings(max_examples=20)
@given(data=st.data())
def test_whatever_stands_in_a_file_the_model_is_valid_or_refused(data: st.DataObject) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=5, unique_by=str.casefold))
    rows = data.draw(st.lists(st.tuples(*(VALUES for _ in names)), min_size=2, max_size=12))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "leads.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, quoting=csv.QUOTE_ALL).writerows([names, *rows])
        try:
            found = look(path)
            text = starter_model(found)
        except DataError:
            return
        assert Model.loads(text).scoville == 1
        content = tomllib.loads(workspace_text(found, Path(folder)))
        workspace = parse_workspace(content, Path(folder) / "scoville.toml")
        assert workspace.leads.source == str(path.resolve())
        sure = {role.name: role.column for role in found.leads.roles if role.is_sure}
        assert dict(workspace.leads.columns).items() >= sure.items()


def test_addresses_alone_make_a_model(tmp_path: Path) -> None:
    rows = ["id,email", *(f"{n},p{n}@{'gmail.com' if n % 4 == 0 else f'firm{n}.com'}" for n in range(30))]
    assert rules(model_of(write(tmp_path, "leads.csv", rows))) == ["Free email address", "Address at work"]
