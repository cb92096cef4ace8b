"""The pages' world with hostile text wherever text from outside can stand: traits, events, ids, reasons, notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from live_sending import Live, message
from pages_world import MODEL

if TYPE_CHECKING:
    from pages_world import PagesWorld, Visitor

HOSTILE = (  # each would show itself as an element, or as something that runs; after OWASP's list of ways past a filter
    '<b data-harm="1">bold</b>',
    '<script data-harm="2">window.harmed=2</script>',
    '"><img data-harm="3" src=x onerror=window.harmed=3>',
    "'><svg data-harm=4 onload=window.harmed=4>",
    "</textarea></title></option><i data-harm=5>",
    "--><u data-harm=6>",
    '" autofocus onfocus="window.harmed=7" data-harm="7',
    "' hx-get='/harm' hx-trigger='load' data-harm='8",
    "javascript:window.harmed=9//",
    "data:text/html,<script>window.harmed=10</script>",
    "{{ 7 * 191 }}{% raw %}${7*191}#{7*191}",
    "<hx-partial hx-target='body' data-harm=12>gone</hx-partial>",
    "&lt;b data-harm=13&gt;&#60;b data-harm=13&#62;",
    "\u202egnp.exe <a href='javascript:window.harmed=14' data-harm=14>x</a>",
)


def harm(world: PagesWorld) -> Visitor:
    """Put hostile text in by every way that there is. An administrator who is logged in comes back."""
    live, admin = Live(world.store), world.visitor("admin")
    live.publish(_model())
    for number, text in enumerate(HOSTILE):
        _send(live, f"h{number} {text}", text)
    live.fold()
    live.score()
    for number, text in enumerate(HOSTILE):
        _say(admin, f"h{number}@hostile.example", text, number)
    live.fold()
    live.score()
    return admin


def _model() -> str:
    """The model with hostile names of rules, groups and stages."""
    first, second, third, fourth = (text.replace("'", "''") for text in HOSTILE[:4])
    return (
        MODEL.replace("name: Pricing page", f"name: '{first}'")
        .replace("name: Decision maker", f"name: '{second}'")
        .replace("name: B2B SaaS", f"name: '{third}'")
        .replace("name: MQL", f"name: '{fourth}'")
    )


def _send(live: Live, lead_id: str, text: str) -> None:
    """One person whose every word is hostile, and who comes to the top of the list."""
    named = dict.fromkeys(("name", "title", "website", "phone", "country", "avatar", "source", "industry"), text)
    email = f"{lead_id.split(' ', maxsplit=1)[0]}@hostile.example"
    company = {"name": text, "employees": 700, text: text}
    live.receive(
        message("identify", lead_id, traits={**named, text[:60]: text, "email": email, "company": company}),
        message("group", lead_id, group=text, traits={"name": text, "plan": text}),
        message(
            "page", lead_id, event="page_viewed", properties={"path": f"/pricing{text}", "title": text, text: text}
        ),
        message("track", lead_id, event=text, properties={text: text, "list": [text], "object": {text: text}}),
        message("track", lead_id, event="demo_requested", properties={"note": text}),
    )


def _say(admin: Visitor, lead: str, text: str, number: int) -> None:
    """What people type, by the API: whoever may."""
    said = {
        f"/v1/leads/{lead}/adjustments": {"points": 1, "reason": text},
        f"/v1/leads/{lead}/outcomes": {"outcome": text[:60], "reason": text},
        f"/v1/leads/{lead}/touches": {"kind": "call", "note": text},
        "/v1/owners": {"name": text, "email": f"owner{number}@example.com"},
        "/v1/users": {
            "name": text,
            "email": f"user{number}@example.com",
            "role": "viewer",
            "password": "a long river 7",
        },
        "/v1/keys": {"name": text[:60], "kind": "write", "source": text[:60]},
        "/v1/models": {"text": MODEL.replace("points: 20}", f"points: {21 + number}}}", 1), "note": text},
    }
    for path, body in said.items():
        answer = admin.request("POST", path, json=body)
        assert answer.status_code in {201, 204}, (path, answer.text)
