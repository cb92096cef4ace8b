"""How every page is asked for and answered: guarded as the API is, told in HTML, whole or as the part that is wanted.

In: a request and what a template needs. Out: HTML. Called by every module beside this one. A page has one template; its
parts are the blocks, and the element that shows a block has the block's name as its id. When htmx says which element it
will fill, only that block is sent.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

import structlog
from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from jinja2_fragments import render_block
from markupsafe import Markup

from scoville.web.api.route import GuardedRoute
from scoville.web.auth.access import NOBODY, may, needs_of
from scoville.web.auth.csrf import SAFE_METHODS
from scoville.web.errors import answer_to, request_id_of, where_broken
from scoville.web.pages.templates import TEMPLATES
from scoville.web.state import state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine

_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SAID = "scoville_said"  # a cookie: what was done, told once by the page that follows
_SAID_S = 30
_SEE_OTHER = 303
_KEPT = ":/%#?=@[]!$&'()*+,;"  # signs of an address; all others are written as bytes, as in any redirect
_log = structlog.get_logger("scoville.web")


class PageRoute(GuardedRoute):
    """A route for people: guarded as all are, but who is unknown may log in, and what goes wrong is told in words."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The guarded handler, and a page for whatever it refuses."""
        guarded = super().get_route_handler()

        async def answered(request: Request) -> Response:
            try:
                response = await guarded(request)
            except Exception as error:  # noqa: BLE001 - a person reads a page, whatever went wrong
                response = _told(request, error)
            return _protected(response)

        return answered


def show(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - for a template
    """A page, or the block of it that htmx will put into its place."""
    context = {**_always(request), **values}
    block = wanted_block(request)
    said = _said(request)
    if block is not None and block in _parts_of(template):
        html = f"{render_block(TEMPLATES, template, block, context)}{_beside(said)}"
    else:
        html = TEMPLATES.get_template(template).render(context, said=said)
    response = HTMLResponse(html, status, {"Vary": "HX-Request, HX-Target"})
    if said:
        response.delete_cookie(_SAID)
    return response


def done(request: Request, path: str, said: str = "") -> Response:
    """Go on to a page of ours after a change, and say there once what was done."""
    response = RedirectResponse(path, _SEE_OTHER)
    if said:
        is_https = state_of(request).settings.is_https
        options: dict[str, Any] = {"max_age": _SAID_S, "httponly": True, "samesite": "lax", "secure": is_https}
        response.set_cookie(_SAID, quote(said), **options)
    return response


def go(request: Request, path: str) -> Response:
    """Leave for another page altogether, also out of a request that would only fill a part of this one."""
    if request.headers.get("hx-request"):
        return Response(headers={"HX-Redirect": quote(path, safe=_KEPT)})
    return RedirectResponse(path, _SEE_OTHER)


def nothing_here(request: Request, error: Exception) -> Response:
    """What an address that has nothing to read is answered with: a page to a browser, the words alone to a program."""
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/v1/"):
        return _protected(_told(request, error))
    answer = answer_to(request, error)
    if answer is None:
        raise error
    return answer


def wanted_block(request: Request) -> str | None:
    """The block that htmx will fill; null for a request of a whole page."""
    if not request.headers.get("hx-request"):
        return None
    return request.headers.get("hx-target", "").partition("#")[2] or None


def _parts_of(template: str) -> Collection[str]:
    """The blocks that are parts of a page: those of the layout hold what only a whole page has."""
    return TEMPLATES.get_template(template).blocks.keys() - TEMPLATES.get_template("layout.html").blocks.keys()


def _always(request: Request) -> dict[str, Any]:
    caller = getattr(request.state, "caller", NOBODY)
    return {
        "me": caller,
        "can": lambda route: may(caller, needs_of(*route.split(" ", 1))),
        "now": state_of(request).clock(),
        "path": request.url.path,
        "query": request.url.query,
    }


def _protected(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _CSP)
    return response


def _said(request: Request) -> str:
    return unquote(request.cookies.get(_SAID, ""))


def _beside(said: str) -> Markup:
    return Markup('<div id="said" hx-swap-oob="innerHTML"><p>{}</p></div>').format(said) if said else Markup()


def _told(request: Request, error: Exception) -> Response:
    """What a person is told of an error: the same words as a program, and where to go on."""
    response = answer_to(request, error)
    if response is None:
        _log.error("failed", id=request_id_of(request), error=type(error).__name__, where=where_broken(error))
        return _problem(request, HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here.", {})
    if response.status_code == HTTPStatus.UNAUTHORIZED and caller_is_unknown(request):
        return go(request, _login_for(request))
    failure = json.loads(bytes(response.body))
    headers = {"Retry-After": response.headers["retry-after"]} if "retry-after" in response.headers else {}
    return _problem(request, response.status_code, failure["message"], headers, failure.get("problems") or ())


def caller_is_unknown(request: Request) -> bool:
    """Whether nobody is logged in."""
    return not getattr(request.state, "caller", NOBODY).is_known


def _problem(request: Request, status: int, message: str, headers: dict[str, str], problems: Any = ()) -> Response:  # noqa: ANN401 - as in the answer
    if request.headers.get("hx-request"):
        html = Markup('<p class="bad">{}</p>').format(_sentence(message))
        return HTMLResponse(html, status, {**headers, "HX-Retarget": "#said", "HX-Reswap": "innerHTML"})
    page = show(
        request, "problem.html", status=status, message=_sentence(message), problems=problems,
        id=request_id_of(request), title=_TITLES.get(status, "That did not work"), back=_came_from(request),
    )  # fmt: skip
    page.headers.update(headers)
    return page


_TITLES = {
    403: "This is not for you", 404: "There is nothing here", 405: "There is nothing to read here",
    410: "This list has moved on", 429: "Too fast",
    500: "Something went wrong", 503: "Busy for a moment",
}  # fmt: skip


def _sentence(message: str) -> str:
    said = message[:1].upper() + message[1:]
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _login_for(request: Request) -> str:
    wanted = (
        _came_from(request)
        if request.method not in SAFE_METHODS or request.headers.get("hx-request")
        else _own(request)
    )
    return f"/login?next={quote(wanted)}" if wanted not in {"", "/"} else "/login"


def _own(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def _came_from(request: Request) -> str:
    """The page of ours that this request was made from; the first page where that is unknown."""
    try:
        parts = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # no address at all
        return "/"
    if parts.netloc.lower() != request.headers.get("host", "").lower() or not parts.path.startswith("/"):
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")
