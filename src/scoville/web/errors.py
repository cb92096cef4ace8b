"""What a caller is told when it does not work: JSON with a code, a sentence and an id, and nothing of the inside.

In: an exception. Out: a response. The id stands in the log beside the real cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from scoville.errors import DataError, EngineError, ModelError, PlanError, ScovilleError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastapi import FastAPI, Request
    from starlette.responses import Response

_CODES = {
    400: "bad_request", 401: "unauthorised", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
    413: "too_large", 415: "unsupported_media_type", 422: "invalid",
}  # fmt: skip
_SAID = {
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "the body is larger than this server takes",
}
_NO_OBJECT = {"model_attributes_type", "model_type", "dict_type"}  # also what FastAPI makes of a body that is not JSON
_SEND_JSON = "send a JSON object, with the header Content-Type: application/json"
_LONGEST_MESSAGE = 2_000
_BUSY_S = 2


class ApiError(Exception):
    """A request that is answered with an error: the caller can do something about it."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, dict(headers or {})
        super().__init__(message)


class Problem(BaseModel):
    """One fault of a request or of a model. Which fields there are depends on what it is a fault of."""

    message: str
    where: str | None = None
    line: int | None = None
    column: int | None = None
    kind: str | None = None
    reason: str | None = None


class Failure(BaseModel):
    """What every error says. `id` stands in the server's log beside the cause."""

    success: Literal[False] = False
    code: str
    message: str
    id: str
    problems: list[Problem] = Field(default_factory=list)


DESCRIBED: dict[int | str, dict[str, Any]] = {
    422: {"model": Failure, "description": "Not as described, or not possible."},
    "4XX": {"model": Failure, "description": "The caller can do something about it."},
    "5XX": {"model": Failure, "description": "The server could not."},
}


def not_found(what: str) -> ApiError:
    """404, with what was looked for."""
    return ApiError(404, "not_found", f"there is no such {what}")


def error_response(
    request_id: str,
    status: int,
    code: str,
    message: str,
    headers: Mapping[str, str] | None = None,
    problems: Sequence[object] = (),
) -> Response:
    """The one shape of every error."""
    content: dict[str, object] = {
        "success": False, "code": code, "message": message[:_LONGEST_MESSAGE], "id": request_id,
    }  # fmt: skip
    if problems:
        content["problems"] = problems
    return JSONResponse(content, status, dict(headers or {}))


def add_error_handlers(app: FastAPI) -> None:
    """Teach an app to answer every error in that shape."""
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(ScovilleError, _scoville_error)
    app.add_exception_handler(OperationalError, _busy)


def answer_to(request: Request, error: Exception) -> Response | None:
    """What an error is answered with; null for one that nobody expected."""
    handlers = request.app.exception_handlers
    handler = next((handlers[kind] for kind in type(error).__mro__ if kind in handlers), None)
    answer: Response | None = handler(request, error) if handler is not None else None
    return answer


def where_broken(error: Exception) -> str:
    """File and line where it broke: no values, for they may be somebody's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else ""


def request_id_of(request: Request) -> str:
    """The id under which the log knows a request."""
    return str(request.scope.get("request_id", ""))


def _api_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, ApiError):
        raise error
    return error_response(request_id_of(request), error.status, error.code, error.message, error.headers)


def _http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = _CODES.get(error.status_code, "error")
    said = _SAID.get(error.status_code, str(error.detail))
    return error_response(request_id_of(request), error.status_code, code, said, error.headers)


def _invalid(request: Request, error: Exception) -> Response:
    if not isinstance(error, RequestValidationError):
        raise error
    # never `input`: what was sent may be a password
    problems = [{"where": ".".join(map(str, one["loc"])), "message": _of_body(one)} for one in error.errors()]
    said = f"{problems[0]['where']}: {problems[0]['message']}" if problems else "the request is not as described"
    return error_response(request_id_of(request), 422, "invalid", said, problems=problems)


def _of_body(problem: Mapping[str, Any]) -> str:
    is_whole_body = problem["loc"] == ("body",) and problem["type"] in _NO_OBJECT
    return _SEND_JSON if is_whole_body else str(problem["msg"])


def _scoville_error(request: Request, error: Exception) -> Response:
    own = request_id_of(request)
    if isinstance(error, ModelError):
        found = [
            {"line": one.line, "column": one.column, "kind": one.kind, "message": one.message, "reason": one.reason}
            for one in error.problems
        ]
        return error_response(own, 422, "invalid_model", str(error), problems=found)
    if isinstance(error, EngineError):
        return error_response(own, 503, "unavailable", "the store does not answer; try again", {"Retry-After": "2"})
    if isinstance(error, (DataError, PlanError)):
        return error_response(own, 422, "invalid_data", str(error))
    if not isinstance(error, UsageError):
        raise error
    return error_response(own, 422, "invalid", str(error))


def _busy(request: Request, error: Exception) -> Response:
    del error
    return error_response(
        request_id_of(request), 503, "busy", "the store is busy; try again", {"Retry-After": str(_BUSY_S)}
    )
