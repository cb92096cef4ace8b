"""The API's description of itself (OpenAPI): its words, its tags, and the guarded route that shows it."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from scoville.web.api.route import GuardedRoute

SUMMARY = """Leads with their scores and the reasons for them, models as versions, actions and who works which lead.

Show a key: `Authorization: Bearer sv_secret_...`. Every error has the same shape: `{"success": false, "code",
"message", "id"}`. Instants are ISO 8601 in UTC. Requests that change something take an `Idempotency-Key`: sent again
within 24 hours, they get the same answer and change nothing."""

TAGS = [
    {"name": "leads", "description": "Who is hot, why, and since when."},
    {"name": "scoring", "description": "Score what is not stored."},
    {"name": "models", "description": "Versions of the model: check, try, publish, roll back."},
    {"name": "sales", "description": "What sales does with a lead: answers, touches, outcomes, adjustments."},
    {"name": "people", "description": "Who is who: merging, undoing it, forgetting a person."},
    {"name": "routing", "description": "Who works which lead."},
    {"name": "actions", "description": "What is told to the world, and what became of it."},
    {"name": "jobs", "description": "Long work, such as learning a model, and files to be taken in."},
    {"name": "exports", "description": "Everything as CSV or Parquet."},
    {"name": "access", "description": "Logging in, users, keys, the audit log."},
    {"name": "operations", "description": "Is it alive, is it ready, how is it doing?"},
]

_WAYS_IN = {
    "key": {"type": "http", "scheme": "bearer", "description": "A secret key: `scoville key create`."},
    "session": {"type": "apiKey", "in": "cookie", "name": "__Host-scoville", "description": "Of `POST /v1/session`."},
}

router = APIRouter(route_class=GuardedRoute, tags=["operations"])


@router.get("/openapi.json", summary="This description")
def describe(request: Request) -> dict[str, Any]:
    """What every route takes and gives, as OpenAPI 3.1."""
    described: dict[str, Any] = request.app.openapi()
    parts = {**described["components"], "securitySchemes": _WAYS_IN}
    return {**described, "components": parts, "security": [{name: []} for name in _WAYS_IN]}
