"""Files that people send to be taken in: streamed into the store, looked at, removed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from scoville.live.jobs.looking import head_of
from scoville.live.jobs.uploads import MOST_BYTES, PIECE_BYTES, Arriving, drop_upload, find_upload, too_large
from scoville.live.jobs.uploads import Upload as LiveUpload
from scoville.live.store.opening import Store
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Answer, At
from scoville.web.api.route import GuardedRoute, Here, Who
from scoville.web.auth.audit import record
from scoville.web.errors import ApiError

router = APIRouter(route_class=GuardedRoute, tags=["jobs"])
UploadNo = Annotated[int, Path(ge=1, le=2**53)]
_QUIET_S = 30.0  # without a byte
_FORM_BYTES = 100_000  # of a form, beside its file
_FILE = "file"


class StreamedRoute(GuardedRoute):
    """A route that takes its body piece by piece, and is guarded as all are."""

    reads_body = False


class Upload(Answer):
    """A file that was sent. It is kept until it was taken in, a day at most."""

    upload_no: int
    name: str
    size_bytes: int
    created_at: At


class Seen(Answer):
    """One column of the file."""

    name: str
    type: str = Field(description="text, number, yes/no or time.")
    examples: list[str]
    notice: str | None = Field(description="What is open about how its values are read, in words.")
    settled_by: str | None = Field(description="decimal_mark or date_order: give it with the import.")


class Meant(Answer):
    """What a column of the file may be for."""

    name: str = Field(description="Our name, such as `lead_id`.")
    column: str
    confidence: float
    reason: str
    is_sure: bool


class Head(Answer):
    """The beginning of a file, and what its columns may be for."""

    upload_no: int
    file: str
    size_bytes: int
    what: str | None = Field(description="leads, events or outcomes; null when its columns do not tell.")
    reason: str
    columns: list[Seen]
    rows: list[dict[str, str | None]]
    meant: dict[str, list[Meant]] = Field(description="For each kind that a file can be.")
    needed: dict[str, list[str]] = Field(description="For each kind: our names that it cannot do without.")


streamed = APIRouter(route_class=StreamedRoute, tags=["jobs"])


@streamed.post("/v1/uploads", summary="Send a file to be taken in", status_code=201)
async def send(
    request: Request,
    here: Here,
    who: Who,
    name: Annotated[str, Query(max_length=500, description="The file's name; its ending says what it is.")] = "",
) -> Upload:
    """The body is the file (with `name`), or a form with the file in its field `file`. At most 200 MB."""
    upload, _ = await take_file(request, here.store, name=name, by=who.actor, now=here.clock())
    return Upload.of(upload)


@router.get("/v1/uploads/{upload_no}", summary="Look at the beginning of a file")
def look(here: Here, upload_no: UploadNo) -> Head:
    """The first 50 rows, what the file is, and what its columns may be for."""
    return Head.of(head_of(here.store, upload_no))


@router.delete("/v1/uploads/{upload_no}", summary="Remove a file", status_code=204)
def remove(changing: Changing, upload_no: UploadNo) -> Response:
    """At once, without taking it in."""
    find_upload(changing.store, upload_no)
    drop_upload(changing.store, upload_no)
    return changing.noted("upload.removed", str(upload_no))


async def take_file(
    request: Request, store: Store, *, name: str, by: str, now: datetime
) -> tuple[LiveUpload, dict[str, str]]:
    """The file of a request whose body nobody has read, and the other fields of its form.

    Raises: ApiError, UsageError, DataError; then nothing of it is kept.
    """
    _check_said_size(request)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        return await _from_form(request, store, by=by, now=now)
    return await _kept(store, name, request.stream(), by=by, now=now), {}


async def _from_form(request: Request, store: Store, *, by: str, now: datetime) -> tuple[LiveUpload, dict[str, str]]:
    """A form is put on this machine's disk first: its fields may follow its file."""
    parser = MultiPartParser(request.headers, _bounded(request.stream()), max_files=1, max_fields=20)
    try:
        form = await parser.parse()
    except MultiPartException as wrong:
        raise ApiError(422, "invalid", f"the form cannot be read: {wrong.message}") from None
    try:
        file = form.get(_FILE)
        if not isinstance(file, UploadFile) or not file.filename:
            raise ApiError(422, "invalid", "choose a file first")
        fields = {key: value for key, value in form.items() if isinstance(value, str)}
        return await _kept(store, file.filename, _read(file), by=by, now=now), fields
    finally:
        await form.close()


async def _kept(store: Store, name: str, pieces: AsyncIterator[bytes], *, by: str, now: datetime) -> LiveUpload:
    arriving = await run_in_threadpool(_begun, store, name, by, now)
    try:
        async for piece in _in_time(pieces):
            await run_in_threadpool(arriving.add, piece)
        return await run_in_threadpool(arriving.done)
    except BaseException:  # also when the sender goes away
        await asyncio.shield(run_in_threadpool(arriving.drop))
        raise


def _begun(store: Store, name: str, by: str, now: datetime) -> Arriving:
    arriving = Arriving(store, name, by=by, now=now)
    with store.writing() as connection:
        record(connection, by, "upload.sent", str(arriving.upload_no), now=now)
    return arriving


async def _in_time(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, as long as they come."""
    while True:
        try:
            piece = await asyncio.wait_for(anext(pieces), _QUIET_S)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ApiError(408, "too_slow", "the file did not come in time", {"Connection": "close"}) from None
        yield piece


async def _bounded(pieces: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    taken = 0
    async for piece in _in_time(pieces):
        taken += len(piece)
        if taken > MOST_BYTES + _FORM_BYTES:
            raise ApiError(413, "too_large", too_large(), {"Connection": "close"})
        yield piece


async def _read(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE_BYTES):
        yield piece


def _check_said_size(request: Request) -> None:
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > MOST_BYTES + _FORM_BYTES:
        raise ApiError(413, "too_large", too_large(), {"Connection": "close"})
