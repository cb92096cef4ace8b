"""Whatever a browser sends to a page, or who pretends to be one: it is answered in words, never with a 500."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import httpx
import pytest
from fastapi.dependencies.utils import get_flat_params

from api_world import BASE, OURS
from pages_world import PagesWorld, filled_copy
from scoville.web.auth.access import PAGES
from scoville.web.pages import PAGE_ROUTERS
from web_page import Page

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

    Fields = list[tuple[str, str]]
    Ask = Callable[..., Coroutine[Any, Any, httpx.Response]]

ODD = (  # each once broke something somewhere, or nearly did
    "", "a\0b", "\u202eabc", "x" * 5_000, "-1", "0", "nan", "1e999", "1e308", "9" * 5_000, "9223372036854775808",
    "²", "٣", "0000-01-01", "9999-12-31", "9999-12-31T23:59:59.999Z", "a/../?#%\\\n<b>", "//evil.example/\\",
    "[[[{}", "fit.rules.²", "fit.rules.99999999999999999999", "drop:x", "add:a.b", "1~nan~a", "🦊", "http://[",
)  # fmt: skip
ONE_BY_ONE = ("1e308", "9" * 5_000, "²", "9999-12-31", "drop:x")
KNOWN = {"lead_id": "ann", "account_id": "acme", "stage": "MQL"}
LEAVES = {"/logout", "/settings/me", "/settings/users/{user_id}/password"}  # who is asking would be logged out
HTML = {"Accept": "text/html"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=cut"}
TARGETS = ("content", "title", "scripts", "rows", "said", "nowhere", "", "a#b", "x" * 3_000, "é")


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    """A world in which there is something of everything that pages tell of."""
    store = filled_copy(tmp_path_factory.mktemp("odd"))
    world = PagesWorld(store)
    admin = world.visitor("admin")
    owner = admin.post("/v1/owners", {"name": "Olga", "email": "admin@example.com"}).json()["owner_id"]
    away = {"from_at": "2026-05-01T00:00:00Z", "until_at": "2026-05-08T00:00:00Z"}
    for path, body in (
        (f"/v1/owners/{owner}/absences", away),
        ("/v1/territories", {"name": "DACH", "owner_ids": [owner], "when": {"country": ["DE"]}}),
        ("/v1/views", {"name": "Mine", "filters": "stage=MQL"}), ("/v1/leads/dan/merge", {"lead_id": "eve"}),
        ("/v1/leads/ann/adjustments", {"points": 5, "reason": "Met"}),
        ("/v1/leads/bob/assignments", {"owner_id": owner}),
        ("/v1/keys", {"name": "Shop", "kind": "write", "source": "shop"}), ("/v1/jobs/starter", {}),
        ("/v1/jobs/evidence", {}),
    ):  # fmt: skip
        answer = admin.post(path, body)
        assert answer.status_code < 300, (path, answer.text)
    assert admin.put("/v1/sla/MQL", json={"touch_within_s": 3_600}).status_code == 204
    assert admin.send("/evidence/line/draft", version="1", stage="MQL", at="33").status_code == 303
    file = {"file": ("leads.csv", b"id,mail\n1,a@b.example\n")}
    assert admin.request("POST", "/welcome/upload?what=leads", files=file).status_code == 303
    yield world
    store.close()


def run(world: PagesWorld, attack: Callable[[Ask], Coroutine[Any, Any, None]]) -> None:
    """An attack by an administrator, over one connection: thousands of requests."""
    cookies = world.visitor("admin").cookies

    async def attacked() -> None:
        transport = httpx.ASGITransport(world.app, raise_app_exceptions=False, client=("203.0.113.9", 4))
        headers = {**OURS, **HTML}
        async with httpx.AsyncClient(
            transport=transport, base_url=BASE, cookies=cookies, headers=headers, timeout=60
        ) as client:
            await attack(checked(client))

    asyncio.run(attacked())


def checked(client: httpx.AsyncClient) -> Ask:
    """Asks, and sees to it that the answer is one for people."""

    async def ask(method: str, path: str, **how: Any) -> httpx.Response:
        answer = await client.request(method, path, **how)
        about = (method, path[:200], str(how)[:300], answer.status_code, answer.text[-400:])
        assert answer.status_code < 500, about
        assert not answer.headers.get("location", "").startswith(("//", "http", "/login")), about
        if answer.status_code >= 400:
            assert "text/html" in answer.headers["content-type"], about
            assert "pydantic" not in answer.text, about
        return answer

    return ask


def patterns(method: str) -> list[str]:
    """The routes of a method, but for files of ours, which programs ask for."""
    found = [route.partition(" ")[2] for route in PAGES if route.startswith(f"{method} ")]
    return [one for one in found if not one.startswith("/static/")]


def filled(pattern: str, odd: str | None = None) -> str:
    """The address of a route: with ids that are there, or with an odd one."""
    return re.sub(r"{(.*?)}", lambda found: quote(KNOWN.get(found[1], "1") if odd is None else odd, safe=""), pattern)


def pattern_of(path: str) -> str:
    """The route that a form is sent to."""
    fits = [one for one in patterns("POST") if re.fullmatch(re.sub(r"{.*?}", "[^/]+", one), path.partition("?")[0])]
    return max(fits, key=lambda one: (-one.count("{"), len(one)), default="")


async def forms_of(ask: Ask) -> dict[str, tuple[str, Fields]]:
    """By route: an address and the fields of a form that leads there, as pages show it."""
    found: dict[str, tuple[str, Fields]] = {one: (filled(one), []) for one in patterns("POST")}
    waiting, seen, kinds = ["/queue", "/welcome", "/jobs", "/studio/learning"], set[str](), dict[str, int]()
    while waiting:
        path = waiting.pop(0)
        kind = re.sub(r"\d+|[0-9a-f]{32}", "1", path.partition("?")[0])
        kinds[kind] = kinds.get(kind, 0) + 1
        if path in seen or kinds[kind] > 2:
            continue
        seen.add(path)
        answer = await ask("GET", path)
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        page = Page(answer.text)
        for action, fields in _forms_in(page, path):
            if len(fields) > len(found.get(pattern_of(action), ("", []))[1]):
                found[pattern_of(action)] = (action, fields)
        links = [one.get("href") or "" for one in page.all("a")]
        waiting += [link for link in links if link.startswith("/")]
    found.pop("", None)
    found["/studio/part/form"] = ("/studio/part/form", found["/studio/part"][1])
    return found


def _forms_in(page: Page, path: str) -> list[tuple[str, Fields]]:
    forms: list[tuple[str, Fields]] = []
    fields: Fields = []
    for tag, attributes in page.elements:
        if tag == "form":
            fields = []
            if attributes.get("method") == "post":
                forms.append((attributes.get("action") or path, fields))
        elif tag in {"input", "select", "textarea", "button"} and attributes.get("name"):
            fields.append((str(attributes["name"]), attributes.get("value") or "1"))
    return forms


def odd_forms(fields: Fields) -> Iterator[Fields]:
    """A form that is filled in oddly: everywhere, in one field, thrice, or not at all."""
    given = fields or [("name", "x"), ("text", "x"), ("at", "1")]
    yield []
    yield given * 3
    for odd in ODD:
        yield [(name, odd) for name, _ in given]
    for wrong in dict.fromkeys(name for name, _ in given[:10]):
        for odd in ONE_BY_ONE:
            yield [(name, odd if name == wrong else value) for name, value in given]


def test_no_form_can_be_filled_in_so_that_the_server_breaks(busy: PagesWorld) -> None:
    async def attack(ask: Ask) -> None:
        forms = await forms_of(ask)
        assert forms.keys() >= {*patterns("POST")}
        assert sum(bool(fields) for _, fields in forms.values()) > 25  # they were really seen on pages
        for pattern, (action, fields) in forms.items():
            if pattern in LEAVES:
                continue
            for sent in (
                odd_forms(fields) if pattern not in {"/login", "/setup"} else [[(n, "a\0b")] for n, _ in fields]
            ):
                await ask("POST", action, content=urlencode(sent), headers=FORM)
        for path in patterns("GET"):  # and nothing of what was taken breaks a page
            await ask("GET", filled(path))

    run(busy, attack)


def test_no_body_breaks_the_server(world: PagesWorld) -> None:
    named = [
        b'--cut\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\nscoville: 1\n\0\xff\r\n--cut--\r\n'
        % (field, name)
        for field in (b"file", b"model")
        for name in (b"../../etc/passwd", b"a\0b", b"x" * 3_000, "\u202ecsv.exe".encode(), b"")
    ]
    odd: Sequence[tuple[bytes, dict[str, str]]] = (
        (b"abc", {"Content-Type": "multipart/form-data"}),
        (b"--other\r\n\r\n", PARTS),
        (b'--cut\r\nContent-Disposition: form-data; name="a"\r\n\r\nx', PARTS),
        (b"--cut\r\nContent-Disposition: form-data\r\n\r\nx\r\n--cut--\r\n", PARTS),
        (b'--cut\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xed\xa0\x80\r\n--cut--\r\n', PARTS),
        (b"te\xffxt=\xff\xed\xa0\x80&%ff=%zz&&&==", FORM),
        (b"&".join(b"a%d=1" % number for number in range(3_000)), FORM),
        (b"&".join(b"a." * number + b"b=1" for number in range(100)), FORM),
        (b"text=" + b"[[[{" * 100_000, FORM),
        (b"text=" + b"x" * 3_000_000, FORM),
        (b'{"a": 1}', {"Content-Type": "application/json"}),
        *((body, PARTS) for body in named),
    )

    async def attack(ask: Ask) -> None:
        for pattern in patterns("POST"):
            for body, headers in () if pattern in LEAVES else odd[:4] if pattern == "/login" else odd:
                await ask("POST", filled(pattern), content=body, headers=headers)

    run(world, attack)


def test_no_address_breaks_the_server(busy: PagesWorld) -> None:
    routes = [route for router in PAGE_ROUTERS for route in router.routes]
    known = {f"{method} {one.path_format}": one for one in routes for method in one.methods}  # type: ignore[attr-defined]

    async def attack(ask: Ask) -> None:
        for pattern in patterns("GET"):
            params = get_flat_params(known[f"GET {pattern}"].dependant)  # type: ignore[attr-defined]
            names = [one.alias for one in params if type(one.field_info).__name__ == "Query"]
            for odd in ODD:
                if "{" in pattern:
                    await ask("GET", filled(pattern, odd or " "))
                for name in names:
                    await ask("GET", f"{filled(pattern)}?{urlencode({name: odd})}")
            await ask("GET", f"{filled(pattern)}?{'&'.join(f'{name}=1&{name}=2' for name in names)}")
        for pattern in (one for one in patterns("POST") if "{" in one):
            for odd in ODD:
                await ask("POST", filled(pattern, odd or " "))

    run(busy, attack)


def test_no_part_and_no_header_that_is_asked_for_breaks_the_server(busy: PagesWorld) -> None:
    odd = [{"HX-Request": "true", "HX-Target": f"div#{target}".encode()} for target in TARGETS]
    said = {"Cookie": "scoville_said=%00%ff%ud800", "Referer": "http://[::1"}

    async def attack(ask: Ask) -> None:
        for pattern in patterns("GET"):
            for headers in (*odd, {"HX-Request": "true"}):
                await ask("GET", filled(pattern), headers=headers)
            await ask("GET", f"{filled(pattern)}/nowhere", headers={"Referer": said["Referer"]})

    run(busy, attack)
    stranger = busy.visitor()
    stranger.headers |= said
    for path in patterns("GET"):
        assert stranger.get(filled(path)).status_code < 500, path


def test_an_origin_that_is_no_address_is_not_ours(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    admin.headers = {"Origin": "http://[::1"}
    assert admin.send("/studio/draft/discard").status_code == 403
