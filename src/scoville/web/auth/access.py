"""Who may do what: every route of the API in one table, every page in another. What is in neither is closed to all.

In: a method with a route's pattern, and a `Caller`. Out: yes or no. Keys may what their scopes say, people what their
role says; the roles are viewer, sales, marketing, admin, and each may do what those before it may.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.web.auth.users import ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Needs:
    """What a route asks for. Null means that this sort of caller cannot use it at all.

    Where `asks_who` is false, everybody gets the same: the store is not even asked who it is.
    """

    scope: str | None
    role: str | None
    is_public: bool = False
    asks_who: bool = True


@dataclass(frozen=True)
class Caller:
    """Who asks: a key, a person, or nobody known. `actor` is what the audit log calls them."""

    actor: str = "nobody"
    scopes: frozenset[str] = frozenset()
    role: str | None = None
    name: str = ""
    user_no: int | None = None
    user_id: str | None = None
    session: str | None = None  # the token in the cookie

    @property
    def is_known(self) -> bool:
        """Whether they showed anything that is in force."""
        return self.actor != "nobody"


NOBODY = Caller()
_MEANS = {"admin": frozenset({"admin", "read", "write"}), "write": frozenset({"write", "read"})}

_PUBLIC = Needs(None, None, is_public=True)
_SAME_FOR_ALL = Needs(None, None, is_public=True, asks_who=False)
_READ = Needs("read", "viewer")
_SELL = Needs("write", "sales")
_STEER = Needs("write", "marketing")
_ADMIN = Needs("admin", "admin")
_PERSON = Needs(None, "viewer")

ACCESS: Mapping[str, Needs] = {
    "GET /health": _SAME_FOR_ALL,
    "GET /ready": _SAME_FOR_ALL,
    "GET /metrics": _ADMIN,
    "GET /openapi.json": _READ,
    # logging in
    "POST /v1/setup": _PUBLIC,
    "POST /v1/session": _PUBLIC,
    "GET /v1/session": _PERSON,
    "DELETE /v1/session": _PERSON,
    "POST /v1/session/password": _PERSON,
    # leads
    "GET /v1/leads": _READ,
    "GET /v1/leads/{lead_id}": _READ,
    "GET /v1/leads/{lead_id}/contributions": _READ,
    "GET /v1/leads/{lead_id}/explanation": _READ,
    "GET /v1/leads/{lead_id}/outlook": _READ,
    "GET /v1/leads/{lead_id}/retraced": _READ,
    "GET /v1/leads/{lead_id}/history": _READ,
    "GET /v1/leads/{lead_id}/timeline": _READ,
    "POST /v1/score": _READ,
    "GET /v1/summary": _READ,
    "GET /v1/views": _PERSON,
    "POST /v1/views": _PERSON,
    "PUT /v1/views/{view_id}": _PERSON,
    "DELETE /v1/views/{view_id}": _PERSON,
    # models
    "GET /v1/models": _READ,
    "POST /v1/models": _STEER,
    "GET /v1/models/status": _READ,
    "POST /v1/models/check": _READ,
    "POST /v1/models/publish": _STEER,
    "POST /v1/models/rollback": _STEER,
    "GET /v1/models/{version_no}": _READ,
    "GET /v1/models/{version_no}/differences": _READ,
    "GET /v1/models/{version_no}/preview": _READ,
    # sales
    "GET /v1/leads/{lead_id}/adjustments": _READ,
    "POST /v1/leads/{lead_id}/adjustments": _STEER,
    "DELETE /v1/leads/{lead_id}/adjustments/{adjustment_no}": _STEER,
    "POST /v1/leads/{lead_id}/outcomes": _SELL,
    "GET /v1/outcomes": _READ,
    # routing
    "GET /v1/owners": _READ,
    "POST /v1/owners": _STEER,
    "PUT /v1/owners/{owner_id}": _STEER,
    "GET /v1/owners/{owner_id}/absences": _READ,
    "POST /v1/owners/{owner_id}/absences": _SELL,
    "DELETE /v1/owners/{owner_id}/absences/{absence_no}": _SELL,
    "GET /v1/territories": _READ,
    "POST /v1/territories": _STEER,
    "PUT /v1/territories/{territory_id}": _STEER,
    "DELETE /v1/territories/{territory_id}": _STEER,
    "PUT /v1/accounts/{account_id}/owner": _STEER,
    "GET /v1/queue": _READ,
    "GET /v1/leads/{lead_id}/assignments": _READ,
    "POST /v1/leads/{lead_id}/assignments": _SELL,
    "DELETE /v1/leads/{lead_id}/assignments": _SELL,
    "GET /v1/leads/{lead_id}/touches": _READ,
    "POST /v1/leads/{lead_id}/touches": _SELL,
    "POST /v1/leads/{lead_id}/answer": _SELL,
    "GET /v1/sla": _READ,
    "GET /v1/speed": _READ,
    "PUT /v1/sla/{stage}": _STEER,
    "DELETE /v1/sla/{stage}": _STEER,
    # actions
    "GET /v1/actions": _STEER,
    "POST /v1/actions": _ADMIN,
    "GET /v1/actions/{action_id}": _STEER,
    "PUT /v1/actions/{action_id}": _ADMIN,
    "DELETE /v1/actions/{action_id}": _ADMIN,
    "POST /v1/actions/{action_id}/test": _ADMIN,
    "POST /v1/actions/{action_id}/rotate": _ADMIN,
    "DELETE /v1/actions/{action_id}/rotate": _ADMIN,
    "POST /v1/actions/{action_id}/replay": _STEER,
    "GET /v1/messages": _STEER,
    "GET /v1/messages/{message_id}/deliveries": _STEER,
    "POST /v1/messages/{message_id}/replay": _STEER,
    # people
    "GET /v1/leads/{lead_id}/links": _READ,
    "POST /v1/leads/{lead_id}/merge": _STEER,
    "DELETE /v1/links/{link_no}": _STEER,
    "GET /v1/quarantine": _STEER,
    "POST /v1/quarantine/{quarantine_no}/replay": _STEER,
    "POST /v1/quarantine/replay": _STEER,
    "POST /v1/forget": _ADMIN,
    "DELETE /v1/leads/{lead_id}": _ADMIN,
    # jobs, and the files they take in
    "GET /v1/jobs": _READ,
    "GET /v1/jobs/{job_no}": _READ,
    "DELETE /v1/jobs/{job_no}": _STEER,
    "POST /v1/jobs/learn": _STEER,
    "POST /v1/jobs/retune": _STEER,
    "POST /v1/jobs/starter": _STEER,
    "POST /v1/jobs/import": _STEER,
    "POST /v1/jobs/demo": _ADMIN,
    "POST /v1/jobs/evidence": _STEER,
    "POST /v1/jobs/compare": _STEER,
    "POST /v1/jobs/trial": _STEER,
    "GET /v1/evidence": _READ,
    "POST /v1/uploads": _STEER,
    "GET /v1/uploads/{upload_no}": _STEER,
    "DELETE /v1/uploads/{upload_no}": _STEER,
    # exports
    "GET /v1/exports/store": _ADMIN,
    "GET /v1/exports/{what}": _STEER,
    # what an admin looks after
    "GET /v1/users": _ADMIN,
    "POST /v1/users": _ADMIN,
    "PATCH /v1/users/{user_id}": _ADMIN,
    "POST /v1/users/{user_id}/password": _ADMIN,
    "GET /v1/keys": _ADMIN,
    "POST /v1/keys": _ADMIN,
    "DELETE /v1/keys/{key_id}": _ADMIN,
    "GET /v1/audit": _ADMIN,
    "GET /v1/audit/verify": _ADMIN,
    "GET /v1/settings": _ADMIN,
    "PUT /v1/settings/{name}": _ADMIN,
}

# Pages are for people alone: a program asks the API.
_VIEWS, _SELLS, _STEERS, _ADMINS = (Needs(None, role) for role in ROLES)
PAGES: Mapping[str, Needs] = {
    "GET /static/{name}": _SAME_FOR_ALL,
    "GET /login": _PUBLIC,
    "POST /login": _PUBLIC,
    "POST /logout": _VIEWS,
    "GET /setup": _PUBLIC,
    "POST /setup": _PUBLIC,
    "GET /queue": _VIEWS,
    "GET /queue/row": _VIEWS,
    "GET /queue/news": _VIEWS,
    "POST /queue/act": _SELLS,
    "POST /queue/export": _SELLS,
    "POST /queue/views": _VIEWS,
    "POST /queue/views/{view_id}": _VIEWS,
    "POST /queue/views/{view_id}/delete": _VIEWS,
    # leads
    "GET /leads/{lead_id}": _VIEWS,
    "POST /leads/{lead_id}/answer": _SELLS,
    "POST /leads/{lead_id}/touches": _SELLS,
    "POST /leads/{lead_id}/claim": _SELLS,
    "POST /leads/{lead_id}/assign": _SELLS,
    "POST /leads/{lead_id}/release": _SELLS,
    "POST /leads/{lead_id}/adjustments": _STEERS,
    "POST /leads/{lead_id}/adjustments/{adjustment_no}/end": _STEERS,
    "POST /leads/{lead_id}/merge": _STEERS,
    "POST /leads/{lead_id}/links/{link_no}/undo": _STEERS,
    "POST /leads/{lead_id}/forget": _ADMINS,
    # matrix and accounts
    "GET /matrix": _VIEWS,
    "GET /accounts": _VIEWS,
    "GET /accounts/{account_id}": _VIEWS,
    "POST /accounts/{account_id}/owner": _STEERS,
    # studio
    "GET /studio": _VIEWS,
    "POST /studio/part": _STEERS,
    "POST /studio/part/form": _STEERS,
    "POST /studio/part/order": _STEERS,
    "GET /studio/yaml": _VIEWS,
    "POST /studio/yaml": _STEERS,
    "GET /studio/words": _VIEWS,
    "GET /studio/begin": _STEERS,
    "POST /studio/begin": _STEERS,
    "POST /studio/begin/file": _STEERS,
    "POST /studio/draft/discard": _STEERS,
    "GET /studio/model.yaml": _VIEWS,
    "GET /studio/preview": _STEERS,
    "GET /studio/preview/proof": _STEERS,
    "GET /studio/publish": _STEERS,
    "POST /studio/publish": _STEERS,
    "GET /studio/versions": _VIEWS,
    "GET /studio/versions/differences": _VIEWS,
    "GET /studio/versions/{version_no}/model.yaml": _VIEWS,
    # evidence
    "GET /evidence": _VIEWS,
    "POST /evidence": _STEERS,
    "GET /evidence/report.html": _VIEWS,
    "GET /evidence/rules": _VIEWS,
    "GET /evidence/line": _VIEWS,
    "POST /evidence/line/draft": _STEERS,
    "GET /evidence/drift": _VIEWS,
    "GET /evidence/compare": _VIEWS,
    "POST /evidence/compare": _STEERS,
    "GET /evidence/trials": _VIEWS,
    "POST /evidence/trials": _STEERS,
    "GET /evidence/money": _VIEWS,
    # data
    "GET /data": _STEERS,
    "GET /data/events": _STEERS,
    "POST /data/events/replay": _STEERS,
    "POST /data/events/{quarantine_no}/replay": _STEERS,
    "GET /data/traits": _STEERS,
    "GET /data/identity": _STEERS,
    "POST /data/links/{link_no}/undo": _STEERS,
    "GET /data/outcomes": _STEERS,
    "POST /data/outcomes": _ADMINS,
    "GET /data/connect": _STEERS,
    "POST /data/connect": _ADMINS,
    # settings
    "GET /settings": _VIEWS,
    "GET /settings/me": _VIEWS,
    "POST /settings/me": _VIEWS,
    "GET /settings/users": _ADMINS,
    "POST /settings/users": _ADMINS,
    "POST /settings/users/{user_id}": _ADMINS,
    "POST /settings/users/{user_id}/password": _ADMINS,
    "GET /settings/keys": _ADMINS,
    "POST /settings/keys": _ADMINS,
    "POST /settings/keys/{key_id}/end": _ADMINS,
    "GET /settings/owners": _SELLS,
    "POST /settings/owners": _STEERS,
    "GET /settings/owners/new": _STEERS,
    "GET /settings/owners/{owner_id}": _SELLS,
    "POST /settings/owners/{owner_id}": _STEERS,
    "POST /settings/owners/{owner_id}/absences": _SELLS,
    "POST /settings/owners/{owner_id}/absences/{absence_no}/end": _SELLS,
    "GET /settings/routing": _SELLS,
    "POST /settings/routing": _STEERS,
    "GET /settings/routing/new": _STEERS,
    "GET /settings/routing/{territory_id}": _STEERS,
    "POST /settings/routing/{territory_id}": _STEERS,
    "POST /settings/routing/{territory_id}/move": _STEERS,
    "POST /settings/routing/{territory_id}/end": _STEERS,
    "GET /settings/speed": _SELLS,
    "POST /settings/speed": _STEERS,
    "GET /settings/speed/{stage}": _STEERS,
    "POST /settings/speed/{stage}/end": _STEERS,
    "GET /settings/actions": _STEERS,
    "POST /settings/actions": _ADMINS,
    "GET /settings/actions/new": _ADMINS,
    "GET /settings/actions/{action_id}": _STEERS,
    "GET /settings/actions/{action_id}/edit": _ADMINS,
    "POST /settings/actions/{action_id}": _ADMINS,
    "POST /settings/actions/{action_id}/test": _ADMINS,
    "POST /settings/actions/{action_id}/switch": _ADMINS,
    "POST /settings/actions/{action_id}/rotate": _ADMINS,
    "POST /settings/actions/{action_id}/rotated": _ADMINS,
    "POST /settings/actions/{action_id}/replay": _STEERS,
    "POST /settings/actions/{action_id}/end": _ADMINS,
    "GET /settings/messages": _STEERS,
    "GET /settings/messages/{message_id}": _STEERS,
    "GET /settings/messages/{message_id}/progress": _STEERS,
    "POST /settings/messages/{message_id}/replay": _STEERS,
    "GET /settings/data": _ADMINS,
    "POST /settings/data": _ADMINS,
    "POST /settings/data/forget": _ADMINS,
    "GET /settings/audit": _ADMINS,
    "GET /settings/audit/check": _ADMINS,
    # first run
    "GET /": _VIEWS,
    "GET /welcome": _VIEWS,
    "POST /welcome/demo": _ADMINS,
    "GET /welcome/filling/{job_no}": _VIEWS,
    "GET /welcome/upload": _STEERS,
    "POST /welcome/upload": _STEERS,
    "GET /welcome/upload/{upload_no}": _STEERS,
    "POST /welcome/upload/{upload_no}": _STEERS,
    "GET /welcome/importing/{job_no}": _STEERS,
    "GET /welcome/importing/{job_no}/rejected": _STEERS,
    "GET /welcome/connect": _STEERS,
    "POST /welcome/connect": _ADMINS,
    "GET /welcome/model": _STEERS,
    "POST /welcome/model": _STEERS,
    "GET /welcome/model/{job_no}": _STEERS,
    "POST /welcome/publish": _STEERS,
    "GET /welcome/scoring": _VIEWS,
    # learning from history
    "GET /studio/learning": _STEERS,
    "POST /studio/learning": _STEERS,
    "GET /studio/learning/{job_no}": _STEERS,
    "GET /studio/learning/{job_no}/report": _STEERS,
    "GET /studio/learning/{job_no}/download": _STEERS,
    "POST /studio/learning/{job_no}/draft": _STEERS,
    # jobs
    "GET /jobs": _VIEWS,
    "GET /jobs/{job_no}": _VIEWS,
    "GET /jobs/{job_no}/progress": _VIEWS,
    "POST /jobs/{job_no}/cancel": _STEERS,
}


def needs_of(method: str, pattern: str) -> Needs | None:
    """What a route asks for; null for one that is in no table: nobody passes."""
    route = f"{'GET' if method == 'HEAD' else method} {pattern}"
    return ACCESS.get(route) or PAGES.get(route)


def may(caller: Caller, needs: Needs | None) -> bool:
    """Whether a caller may use a route."""
    if needs is None:
        return False
    if needs.is_public:
        return True
    if caller.role is not None:
        return needs.role is not None and ROLES.index(caller.role) >= ROLES.index(needs.role)
    return needs.scope is not None and any(needs.scope in _MEANS.get(scope, {scope}) for scope in caller.scopes)
