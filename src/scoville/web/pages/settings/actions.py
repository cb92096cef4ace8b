"""Actions: whom to tell when something happens to a lead, and how that is going."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Path, Query, Request, Response

from scoville.errors import UsageError
from scoville.live.actions.defining import KINDS
from scoville.live.actions.masking import MASK
from scoville.live.actions.messages import count_messages_of
from scoville.live.actions.wording import WORDS
from scoville.live.queries.in_force import in_force
from scoville.model.load import Model
from scoville.web.api import actions as api
from scoville.web.api.changes import CHANGED, Changing
from scoville.web.api.fields import Id, Text
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import NEW, REFUSED, Basis, basis_after, differing, is_late, said_of, status_of
from scoville.web.pages.settings.frame import answer_in, show_settings
from scoville.web.pages.templates import in_path
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
ActionId = Annotated[Id, Path()]
KINDS_SAID = {
    "webhook": ("Webhook", "Sends a signed message to an address of yours: a CRM, n8n, Zapier, your own server."),
    "slack": ("Slack", "Writes into a channel, by an incoming webhook of Slack or of anything that speaks like it."),
    "email": ("Mail", "Writes to the owner, or to fixed addresses, by your own mail server."),
    "assign": ("Give it to somebody", "Hands the lead to the routing, which finds an owner."),
    "tag": ("Tag", "Puts a mark on the lead that another tool can fetch."),
}
OCCASIONS_SAID = {
    "entered": "a lead enters a stage", "left": "a lead leaves a stage", "assigned": "a lead gets an owner",
    "reassigned": "a lead is taken from its owner", "reminder": "the owner is to be reminded",
    "escalation": "nobody has called in time",
}  # fmt: skip
_ONLY_CROSSINGS = {"assign", "tag"}
_LISTS = ("segments", "traits", "to")
_TITLES = {
    "name": "Name", "occasion": "It happens when", "stages": "Stages", "direction": "Going",
    "min_score": "With at least", "segments": "In the segments", "url": "Address", "headers": "Headers", "to": "To",
    "subject": "Subject", "text": "Text", "tag": "Tag", "traits": "Traits to send along",
    "mail_server": "Your mail server", "is_enabled": "In force",
}  # fmt: skip
_GONE = "this action was taken away while you had it open here: add it again, if it is still wanted"
_MAIL = ("host", "sender", "port", "security", "user", "password")
_MOST_HEADERS = 20
_LATELY = timedelta(days=7)


@router.get("/settings/actions")
def show_actions(request: Request, here: Here) -> Response:
    """All of them, each with how it is doing."""
    found = api.show_actions(here).actions
    counts = {one.action_id: count_messages_of(here.store, one.action_id) for one in found}
    return show_settings(
        request, "actions.html", actions=found, kinds=KINDS_SAID, occasions=OCCASIONS_SAID, counts=counts
    )


@router.get("/settings/actions/new")
def ask_for_action(request: Request, here: Here, kind: Annotated[str, Query(max_length=20)] = "webhook") -> Response:
    """The form for a new one of a kind."""
    chosen = kind if kind in KINDS else "webhook"
    return _form(request, here, None, api.Action(name="New", kind=chosen).model_dump() | {"name": ""})


@router.post("/settings/actions")
def add_action(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Make it. A signing secret that was made for it is shown once."""
    try:
        made = answer_in(api.add_action(changing, _asked(form)))
    except REFUSED as refused:
        return _form(request, here, None, _as_sent(form), refused)
    return _shown(request, here, made["action_id"], secret=made["secret"], notes=made["notes"])


@router.get("/settings/actions/{action_id}")
def show_action(
    request: Request, here: Here, action_id: ActionId, sent: Annotated[Text | None, Query(max_length=100)] = None
) -> Response:
    """One, with a test, its secret and what it said last. `sent` is a message to watch."""
    return _shown(request, here, action_id, sent=sent)


@router.get("/settings/actions/{action_id}/edit")
def edit_action(request: Request, here: Here, action_id: ActionId) -> Response:
    """The form of one, its secrets masked."""
    known = api.show_action(here, action_id)
    return _form(request, here, known, known.action.model_dump(), basis=Basis(known.version))


@router.post("/settings/actions/{action_id}")
def change_action(request: Request, here: Here, changing: Changing, action_id: ActionId, form: Form) -> Response:
    """All of it; what comes back as a mask stays as it was."""
    known, asked = _found(here, action_id), None
    if known is None:
        return _form(request, here, None, _as_sent(form), ApiError(409, CHANGED, _GONE))
    try:
        asked = _asked(form).model_copy(update={"secrets": known.action.secrets})
        notes = answer_in(api.change_action(changing.having_seen(form.get("was")), action_id, asked))["notes"]
    except REFUSED as refused:
        known = api.show_action(here, action_id)
        basis = basis_after(refused, form, known.version, _holding_now(asked, known.action))
        return _form(request, here, known, _as_sent(form), refused, basis)
    said = f"Saved. But: {notes[0]}." if notes else "Saved. It counts from the next lead on."
    return done(request, f"/settings/actions/{in_path(action_id)}", said)


@router.post("/settings/actions/{action_id}/test")
def test_action(request: Request, changing: Changing, action_id: ActionId) -> Response:
    """Send a test, and watch it."""
    message_id = answer_in(api.test_action(changing, action_id))["message_id"]
    return done(request, f"/settings/actions/{in_path(action_id)}?sent={in_path(message_id)}")


@router.post("/settings/actions/{action_id}/switch")
def switch_action(request: Request, here: Here, changing: Changing, action_id: ActionId, form: Form) -> Response:
    """Pause it, or let it go on."""
    known, is_on = api.show_action(here, action_id), form.get("to") == "on"
    asked = known.action.model_copy(update={"is_enabled": is_on})
    api.change_action(changing.having_seen(known.version), action_id, asked)
    said = "It tells again from now on." if is_on else "Paused. What happens meanwhile is not told later."
    return done(request, f"/settings/actions/{in_path(action_id)}", said)


@router.post("/settings/actions/{action_id}/rotate")
def rotate(request: Request, here: Here, changing: Changing, action_id: ActionId, form: Form) -> Response:
    """Take a new signing secret beside the old one."""
    try:
        made = answer_in(api.rotate(changing.having_seen(form.get("was")), action_id))
    except ApiError as refused:
        return _late(request, here, action_id, refused)
    return _shown(request, here, action_id, secret=made["secret"])


@router.post("/settings/actions/{action_id}/rotated")
def end_rotation(request: Request, here: Here, changing: Changing, action_id: ActionId, form: Form) -> Response:
    """Finish with the old one."""
    try:
        api.end_rotation(changing.having_seen(form.get("was")), action_id)
    except ApiError as refused:
        return _late(request, here, action_id, refused)
    return done(request, f"/settings/actions/{in_path(action_id)}", "Only the newest secret signs from here on.")


@router.post("/settings/actions/{action_id}/replay")
def replay_dead(request: Request, changing: Changing, action_id: ActionId) -> Response:
    """Send everything again that did not arrive in the last week."""
    asked = api.Again(since=changing.now - _LATELY, until=changing.now + timedelta(seconds=1))
    count = answer_in(api.replay_range(changing, action_id, asked))["messages"]
    said = f"{count} are on their way again." if count else "Nothing of the last 7 days failed to arrive."
    return done(request, f"/settings/actions/{in_path(action_id)}", said)


@router.post("/settings/actions/{action_id}/end")
def end_action(request: Request, here: Here, changing: Changing, action_id: ActionId, form: Form) -> Response:
    """Take away one that never said anything."""
    try:
        api.end_action(changing.having_seen(form.get("was")), action_id)
    except ApiError as refused:
        return _late(request, here, action_id, refused)
    return done(request, "/settings/actions", "The action is gone.")


def _shown(
    request: Request,
    here: State,
    action_id: str,
    *,
    secret: str | None = None,
    notes: list[str] | None = None,
    sent: str | None = None,
    problem: Exception | None = None,
) -> Response:
    found = api.show_messages(here, None, action_id, 10, None).messages
    watched = next((one for one in found if one.message_id == sent), None)
    attempts = api.show_deliveries(here, sent).deliveries if watched is not None and sent is not None else []
    return show_settings(
        request, "action.html", status=status_of(problem) if problem else 200, known=api.show_action(here, action_id),
        kinds=KINDS_SAID, occasions=OCCASIONS_SAID, secret=secret, notes=notes or [], messages=found, message=watched,
        attempts=attempts, counts=count_messages_of(here.store, action_id), problem=said_of(problem) if problem else "",
    )  # fmt: skip


def _late(request: Request, here: State, action_id: str, refused: ApiError) -> Response:
    """The action as it is now, for who was too late with what they wanted to do with it."""
    if not is_late(refused):
        raise refused
    return _shown(request, here, action_id, problem=refused)


def _found(here: State, action_id: str) -> api.KnownAction | None:
    return next((one for one in api.show_actions(here).actions if one.action_id == action_id), None)


def _holding_now(asked: api.Action | None, present: api.Action) -> list[tuple[str, str]]:
    typed = asked or present  # what could not be read is no difference yet
    return differing(_TITLES, typed.model_dump(), present.model_dump(), {"occasion": OCCASIONS_SAID.__getitem__})


def _form(
    request: Request,
    here: State,
    known: api.KnownAction | None,
    fields: dict[str, Any],
    problem: Exception | None = None,
    basis: Basis = NEW,
) -> Response:
    kind = fields["kind"] if fields["kind"] in KINDS else "webhook"
    occasions = [
        (name, said)
        for name, said in OCCASIONS_SAID.items()
        if kind not in _ONLY_CROSSINGS or name in {"entered", "left"}
    ]
    return show_settings(
        request, "action_form.html", status=status_of(problem) if problem else 200, known=known, action=fields,
        kind=kind, kinds=KINDS_SAID, occasions=occasions, stages=_stages(here, fields["stages"]), words=WORDS,
        mask=MASK, problem=said_of(problem) if problem else "", basis=basis,
        directions=[("", "up or down"), ("up", "upwards"), ("down", "downwards")],
    )  # fmt: skip


def _stages(here: State, chosen: tuple[str, ...]) -> list[str]:
    """Those of the model in force, the highest first, and whichever others were chosen."""
    with here.store.reading() as connection:
        now = in_force(connection)
    known = [one.name for one in reversed(Model.loads(now.text).stages)] if now is not None else []
    return [*known, *(name for name in chosen if name not in known)]


def _asked(form: Sent) -> api.Action:
    fields = _as_sent(form)
    server = fields.pop("mail_server")
    if fields["kind"] == "email":
        fields["mail_server"] = read_form(api.MailServer, server or {})
    if fields["kind"] not in get_args(api.Action.model_fields["kind"].annotation):
        raise UsageError("choose what the action does")
    return read_form(api.Action, fields)


def _as_sent(form: Sent) -> dict[str, Any]:
    """The fields of an action as somebody filled them in."""
    plain = {
        name: form.get(name)
        for name in ("name", "kind", "occasion", "direction", "min_score", "url", "text", "subject", "tag")
    }
    pairs = list(zip(form.list("header_name"), form.list("header_value"), strict=False))[:_MOST_HEADERS]
    return {
        **plain,
        **{name: tuple(_listed(form.get(name))) for name in _LISTS},
        "stages": form.list("stages"),
        "headers": {name.strip(): value.strip() for name, value in pairs if name.strip()},
        "mail_server": {name: form.get(f"mail_{name}") for name in _MAIL} if form.get("kind") == "email" else None,
        "is_enabled": bool(form.get("is_enabled")),
    }


def _listed(text: str) -> list[str]:
    return [one.strip() for one in text.replace("\n", ",").split(",") if one.strip()]
