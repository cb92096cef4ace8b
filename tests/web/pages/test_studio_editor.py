from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import delete, update

from pages_world import MODEL, ROLES, PagesWorld, filled_copy
from scoville.live.models.publishing import publish
from scoville.live.models.versions import save_version
from scoville.live.store.jobs import jobs
from scoville.live.store.scores import drafts, model_versions, publications
from scoville.live.workbench.keeping import workbench_of
from scoville.model.document import flow

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pages_world import Visitor

RULE = "engagement.rules.0"  # Pricing page


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    """The pages over a store whose history lies on the workbench: made once, for that takes a while."""
    store = filled_copy(tmp_path_factory.mktemp("studio"))
    world, bench = PagesWorld(store), workbench_of(store)
    bench.bench_now(world.clock())
    yield world
    bench.close()
    store.close()


@pytest.fixture(scope="module")
def people(whole: PagesWorld) -> dict[str, Visitor]:
    return {role: whole.visitor(role) for role in ROLES}


@pytest.fixture
def studio(whole: PagesWorld) -> PagesWorld:
    """Nobody has a draft, and the first version is in force."""
    with whole.store.writing() as connection:
        connection.execute(delete(drafts))
        connection.execute(delete(publications).where(publications.c.version_no != 1))
        connection.execute(delete(model_versions).where(model_versions.c.version_no != 1))
    return whole


@pytest.fixture
def mary(studio: PagesWorld, people: dict[str, Visitor]) -> Visitor:
    """Marketing, who changes the model."""
    del studio
    return people["marketing"]


def fields_of(html: str) -> dict[str, str]:
    """What a browser would send of the form that is open."""
    form = html[html.index('<form class="part"') :]
    form = form[: form.index("</form>")]
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" in attributes:
            fields[attributes["name"]] = attributes.get("value", "")
    for name, inner in re.findall(r'<select [^>]*?name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        options = re.findall(r'<option value="([^"]*)"( selected)?', inner)
        chosen = next((one for one in options if one[1]), options[0])
        fields[name] = chosen[0]
    return fields | dict(re.findall(r'<textarea [^>]*?name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL))


def open_part(visitor: Visitor, where: str) -> dict[str, str]:
    return fields_of(visitor.get(f"/studio?open={where}").text)


def said_on(visitor: Visitor, path: str = "/studio") -> str:
    """The words of a page, as they are read."""
    answer = visitor.get(path)
    assert answer.status_code == 200, answer.text[-600:]
    return " ".join(unescape(re.sub(r"<[^>]+>", "", answer.text)).split())


def text_of(visitor: Visitor) -> str:
    return visitor.get("/studio/model.yaml").text


def kept(visitor: Visitor, where: str, **changes: Any) -> str:
    """The text after a part was sent with some fields changed."""
    fields = open_part(visitor, where) | {name.replace("__", "."): value for name, value in changes.items()}
    answer = visitor.send("/studio/part", **fields)
    assert answer.status_code == 303, answer.text[-600:]
    return text_of(visitor)


def test_the_model_in_force_is_shown_as_sentences(mary: Visitor) -> None:
    page = said_on(mary)
    assert "This is the model in force, version 1." in page
    assert "+20 when job title seniority is c_level, vp or director." in page
    assert "At most 60 points in all. Email: at most 10 together. Half of it is left after 30 days." in page
    assert "and only if fit is at least 20." in page


def test_a_part_comes_alone_for_the_element_that_asks(mary: Visitor) -> None:
    block = mary.get(f"/studio?open={RULE}", target="editor")
    assert "<html" not in block.text
    assert 'value="Pricing page"' in block.text
    assert block.headers["hx-push-url"] == f"/studio?open={RULE}"


@pytest.mark.parametrize(
    ("where", "changes", "old", "new"),
    [
        (RULE, {"points": "14"}, "points: 10, repeat: 5", "points: 14, repeat: 5"),
        (RULE, {"decay__kind": "half_life"}, "max: 25}", "max: 25, decay: {half_life: 30d}}"),
        ("engagement", {"decay__time__n": "45"}, "decay: {half_life: 30d}", "decay: {half_life: 45d}"),
        ("engagement", {"groups__0__max": "12"}, "{Email: {max: 10}}", "{Email: {max: 12}}"),
        ("fit", {"max": ""}, "  max: 50\n", ""),
        ("stages.2", {"from": "45"}, "{name: MQL, from: 41}", "{name: MQL, from: 45}"),
        ("grades", {"lines__1__from": "22"}, "B: 20", "B: 22"),
        ("levels", {"lines__0__from": "30"}, "{1: 35", "{1: 30"),
        ("fit.rules.1", {"bands__0__points": "-8"}, "{below: 10, points: -5}", "{below: 10, points: -8}"),
        ("disqualify.0", {"when__parts__0__value": "rival.com, other.io"}, "[rival.com]", "[rival.com, other.io]"),
        ("about", {"name": "New: name"}, "name: B2B SaaS", "name: 'New: name'"),
    ],
)
def test_a_changed_field_changes_its_place_in_the_text_alone(
    mary: Visitor, where: str, changes: dict[str, str], old: str, new: str
) -> None:
    assert kept(mary, where, **changes) == MODEL.replace(old, new, 1)
    assert "Your draft, begun from version 1" in said_on(mary)


def test_what_is_typed_is_kept_and_looked_at_at_once(mary: Visitor) -> None:
    fields = open_part(mary, RULE) | {"points": "15"}
    said = mary.send("/studio/part", target="said_of_part", **fields)
    assert "+15 for the newest page viewed where path starts with /pricing" in said.text
    assert "Touches <b>3 leads</b> of 6 (50%)" in " ".join(said.text.split())  # ann, bob and cleo
    assert "Kept in your draft." in said.text
    assert "points: 15, repeat: 5" in text_of(mary)


@pytest.mark.parametrize(
    ("where", "changes", "said"),
    [
        (RULE, {"points": "many"}, "a number is needed here, not &#39;many&#39;"),
        (RULE, {"name": ""}, "Give it a name."),
        (RULE, {"when.parts.0.value": ""}, "A value is missing for path."),
        ("fit.rules.1", {"bands.1.from": "5"}, "bands 1 and 2 overlap at 5"),
        ("stages.2", {"from": "5"}, "stages are out of order"),
    ],
)
def test_what_makes_no_sense_is_said_where_it_is_and_not_kept(
    mary: Visitor, where: str, changes: dict[str, str], said: str
) -> None:
    fields = open_part(mary, where) | changes
    typed = mary.send("/studio/part", target="said_of_part", **fields)
    assert "Not in your draft yet" in typed.text
    assert said in typed.text
    sent = mary.send("/studio/part", **fields)
    assert sent.status_code == 422
    assert said in sent.text
    assert text_of(mary) == MODEL


def test_a_fault_elsewhere_does_not_stop_a_change_and_is_told_with_its_place(mary: Visitor) -> None:
    changed = kept(mary, "engagement", max="20", groups__0__max="10")  # now no lead can reach level 1 at 35
    assert "max: 20" in changed
    page = mary.get("/studio").text
    assert "2 things to put right before this can be published" in page  # and none can be SQL, at 71
    assert 'href="/studio?open=levels"' in page


def test_a_new_rule_is_added_when_somebody_says_so(mary: Visitor) -> None:
    fields = fields_of(mary.get("/studio?add=fit.rules:when").text)
    fields |= {"name": "In Germany", "points": "7", "when.parts.0.trait": "country", "when.parts.0.value": "DE, AT"}
    typed = mary.send("/studio/part", target="said_of_part", **fields)
    assert "+7 when country is DE or AT." in typed.text
    assert text_of(mary) == MODEL
    assert mary.send("/studio/part", **fields).status_code == 303
    rule = "    - name: In Germany\n      when:\n        country: [DE, AT]\n      points: 7\n"
    assert rule in text_of(mary)


def test_a_new_stage_goes_where_its_line_belongs(mary: Visitor) -> None:
    fields = fields_of(mary.get("/studio?add=stages").text) | {"name": "Warm", "from": "30"}
    mary.send("/studio/part", **fields)
    text = text_of(mary)
    assert text.index("name: Lead") < text.index("name: Warm") < text.index("name: MQL")


@pytest.mark.parametrize("add", ["segments", "priorities", "qualify", "disqualify"])
def test_a_list_that_is_not_there_yet_begins(mary: Visitor, add: str) -> None:
    fields = fields_of(mary.get(f"/studio?add={add}").text) | {"name": "New one"}
    trait, value = ("score", "5") if add == "priorities" else ("employees", "1000")
    if add == "priorities":
        html = mary.send("/studio/part/form", target="open_part", **fields, do="add:when.parts").text
        fields |= fields_of(html)
    fields |= {"when.parts.0.trait": trait, "when.parts.0.op": "gte", "when.parts.0.value": value}
    answer = mary.send("/studio/part", **fields)
    assert answer.status_code == 303, answer.text[-500:]
    assert "name: New one" in text_of(mary)
    assert "to put right" not in said_on(mary)


def test_the_form_grows_and_shrinks_without_being_kept(mary: Visitor) -> None:
    fields = open_part(mary, "fit.rules.1") | {"name": "Bigger"}
    more = mary.send("/studio/part/form", target="open_part", **fields, do="add:bands")
    assert "<html" not in more.text
    assert 'name="bands.3.points"' in more.text
    assert 'value="Bigger"' in more.text
    less = mary.send("/studio/part/form", target="open_part", **fields_of(more.text), do="drop:bands.0")
    assert 'name="bands.3.points"' not in less.text
    assert fields_of(less.text)["bands.0.from"] == "50"
    assert text_of(mary) == MODEL


def test_a_rule_becomes_one_of_another_sort(mary: Visitor) -> None:
    fields = open_part(mary, "engagement.rules.1")
    other = mary.send("/studio/part/form", target="open_part", **fields, do="kind:count")
    answer = mary.send("/studio/part", **fields_of(other.text))
    assert answer.status_code == 303, answer.text[-500:]
    text = text_of(mary)
    assert "event: email_opened, within: 30d, count: [{from: 1, points: 5}], group: Email" in text
    assert "at_most: 5" not in text


def test_rules_are_moved_copied_and_taken_out(mary: Visitor) -> None:
    def names() -> list[str]:
        return re.findall(r"name: ([\w ()]+?)[,\n]", text_of(mary).partition("engagement:")[0])[2:]

    mary.send("/studio/part/order", where="fit.rules.0", do="down")
    assert names() == ["Company size", "Decision maker", "Free email address"]
    mary.send("/studio/part/order", where="fit.rules.1", do="copy")
    assert names() == ["Company size", "Decision maker", "Decision maker (2)", "Free email address"]
    mary.send("/studio/part/order", where="fit.rules.0", do="remove")
    assert names() == ["Decision maker", "Decision maker (2)", "Free email address"]
    assert mary.send("/studio/part/order", where="fit.rules.0", do="up").status_code == 422
    assert mary.send("/studio/part/order", where="fit.rules.9", do="up").status_code == 404


def test_a_form_that_was_opened_before_rules_moved_changes_no_other_rule(mary: Visitor) -> None:
    fields = open_part(mary, "fit.rules.0") | {"points": "99"}
    mary.send("/studio/part/order", where="fit.rules.0", do="down")
    assert mary.send("/studio/part", **fields).status_code == 409
    assert "99" not in text_of(mary)


@pytest.mark.parametrize("where", ["fit.rules.99", "nonsense", "fit.rules", "segments.0", "stages.x", "../etc"])
def test_a_part_that_is_not_there_is_said_to_be_so(mary: Visitor, where: str) -> None:
    assert mary.get(f"/studio?open={where}").status_code == 404


def test_the_text_is_kept_with_its_faults_and_they_are_listed(mary: Visitor) -> None:
    was = re.findall(r'name="was" value="(\w+)"', mary.get("/studio/yaml").text)[0]
    answer = mary.send("/studio/yaml", target="problems", text=MODEL.replace("points: 20", "pionts: 20", 1), was=was)
    assert 'data-line="8"' in answer.text
    assert "Did you mean &#39;points&#39;?" in answer.text
    assert "pionts" in text_of(mary)
    again = mary.send("/studio/yaml", target="problems", text=MODEL, was=was)
    assert again.status_code == 409  # another window has changed it since


def test_without_scripts_a_text_that_came_too_late_still_stands_on_the_page(mary: Visitor) -> None:
    kept(mary, RULE, points="14")
    opened = re.findall(r'name="was" value="(\w+)"', mary.get("/studio/yaml").text)[0]
    kept(mary, RULE, points="22")  # in another window

    late = mary.send("/studio/yaml", text=MODEL, was=opened)
    assert (late.status_code, MODEL in unescape(late.text)) == (409, True)
    assert "This draft was changed in another window since you opened it here. What you typed still stands" in late.text
    assert mary.send("/studio/draft/discard", was=opened).status_code == 409
    assert "points: 22" in text_of(mary)
    again = re.findall(r'name="was" value="(\w+)"', late.text)[0]
    assert mary.send("/studio/yaml", text=MODEL, was=again).status_code == 303
    assert text_of(mary) == MODEL


def test_text_that_cannot_be_read_is_kept_and_the_forms_say_so(mary: Visitor) -> None:
    was = re.findall(r'name="was" value="(\w+)"', mary.get("/studio/yaml").text)[0]
    mary.send("/studio/yaml", text=MODEL + "fit: [", was=was)
    assert "While the text cannot be read there are no rules to show" in said_on(mary)


def test_words_to_complete_are_those_that_occur(mary: Visitor) -> None:
    words = mary.get("/studio/words").json()
    assert words["traits"]["employees"] == "83% of leads"  # 5 of 6
    assert "page_viewed" in words["events"]
    assert "Acme" in words["values"]["company"]
    assert words["keys"]["engagement rule"]["at_most"] == ""
    assert {"half_life", "linear", "keep", "lose"} <= words["keys"]["decay"].keys()


def test_a_draft_is_its_authors_alone(people: dict[str, Visitor], mary: Visitor) -> None:
    kept(mary, RULE, points="14")
    assert "This is the model in force" in said_on(people["admin"])
    assert text_of(people["viewer"]) == MODEL


def test_who_may_not_change_the_model_reads_it(studio: PagesWorld, people: dict[str, Visitor]) -> None:
    del studio
    sal = people["sales"]
    page = sal.get("/studio").text
    assert "Decision maker" in page
    assert "/studio/part" not in page
    assert "readonly" in sal.get("/studio/yaml").text
    assert sal.send("/studio/part/order", where="fit.rules.0", do="remove").status_code == 403


def test_a_draft_says_when_another_version_has_come_into_force(studio: PagesWorld, mary: Visitor) -> None:
    kept(mary, RULE, points="14")
    assert "has come into force since" not in said_on(mary)
    with studio.store.writing() as connection:
        saved = save_version(connection, MODEL.replace("points: 25", "points: 26"), author="x", now=studio.clock())
        made = publish(connection, saved.version_no, author="x", now=studio.clock())
        switched = publications.update().where(publications.c.publication_no == made.publication_no)
        connection.execute(switched.values(switched_at=studio.clock()))
    assert "Version 2 has come into force since you began" in said_on(mary)


def test_a_draft_begins_from_a_version_a_file_or_nothing_and_ends(mary: Visitor) -> None:
    mary.send("/studio/begin", **{"from": "nothing"})
    assert "Your draft, begun from an empty page" in said_on(mary)
    mary.send("/studio/begin", **{"from": "version", "version_no": "1"})
    assert text_of(mary) == MODEL
    file = {"file": ("mine.yaml", "# mine\nscoville: 1\nname: Mine\n".encode("utf-8-sig"))}
    mary.post("/studio/begin/file", files=file)
    assert "Your draft, begun from the file mine.yaml" in said_on(mary)
    assert text_of(mary).startswith("# mine")
    mary.send("/studio/draft/discard")
    assert "This is the model in force" in said_on(mary)


@pytest.mark.parametrize("body", [b"\xff\xfe\x00", b"a: [", b"", b"- list"])
def test_a_file_that_is_no_model_is_refused_in_words(mary: Visitor, body: bytes) -> None:
    answer = mary.post("/studio/begin/file", files={"file": ("x.yaml", body)})
    assert answer.status_code == 422
    field, said = answer.text.index('id="file"'), answer.text.index("The file x.yaml")
    assert field < said < answer.text.index("Take it")  # within the form, to try another
    assert text_of(mary) == MODEL


def test_a_proposal_is_asked_for_waited_for_and_taken(studio: PagesWorld, mary: Visitor) -> None:
    answer = mary.send("/studio/begin", **{"from": "starter"})
    assert answer.status_code == 303
    page = answer.headers["location"]
    assert "Propose a first model" in said_on(mary, page)
    job_no = page.partition("job=")[2]
    early = mary.send("/studio/begin", **{"from": "job", "version_no": job_no})
    assert early.status_code == 404
    result = {"text": MODEL, "name": "Proposed", "leads": 6, "tried": 6, "rules": [{"name": "Size", "leads": 4}]}
    with studio.store.writing() as connection:  # as the worker leaves it
        connection.execute(update(jobs).values(state="done", result=result, ended_at=studio.clock()))
    assert "A proposal: Proposed" in said_on(mary, page)
    assert "Size4 leads" in said_on(mary, page)
    mary.send("/studio/begin", **{"from": "job", "version_no": job_no})
    assert "Your draft, begun from a proposal" in said_on(mary)


def test_what_is_new_and_what_is_changed_is_marked(mary: Visitor) -> None:
    assert 'class="badge other"' not in mary.get("/studio").text
    kept(mary, RULE, points="14")
    mary.send("/studio/part/order", where="fit.rules.0", do="copy")
    marks = re.findall(r"<b>([^<]+)</b></a> <span class=\"badge other\">(\w+)", mary.get("/studio").text)
    assert marks == [("Decision maker (2)", "new"), ("Pricing page", "changed")]


def test_without_a_model_there_are_ways_to_begin(world: PagesWorld) -> None:
    mary = world.visitor("marketing")
    with world.store.writing() as connection:
        connection.execute(delete(publications))
    assert "Your first model" in said_on(mary)
    assert mary.get("/studio/yaml").status_code == 303
    assert mary.get("/studio/model.yaml").status_code == 409
    mary.send("/studio/begin", **{"from": "nothing"})
    assert "None yet." in said_on(mary)


def test_whatever_stands_in_a_model_is_text_on_the_page(mary: Visitor) -> None:
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    text = MODEL.replace("name: Decision maker", f"name: {flow(evil)}").replace("[rival.com]", flow([evil, "it's"]))
    mary.post("/studio/begin/file", files={"file": (f"{evil}.yaml", text.encode())})
    for path in ("/studio", "/studio?open=fit.rules.0", "/studio?open=disqualify.0", "/studio/yaml", "/studio/begin"):
        page = mary.page(path)
        assert not page.all("img"), path
        assert all("src" in script for script in page.all("script")), path
    assert evil in unescape(mary.get("/studio").text)
    assert text_of(mary) == text


def test_the_editor_says_what_it_is_made_of() -> None:
    asked = json.loads(Path("tools/codemirror/package.json").read_text(encoding="utf-8"))["dependencies"]
    told = Path("src/scoville/web/static/vendored/codemirror.LICENSE.txt").read_text(encoding="utf-8")
    for name, version in asked.items():
        assert name == "esbuild" or f"{name} {version} (MIT)" in told
