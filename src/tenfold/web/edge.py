"""The outermost layer: request ids, limits on size, one shape for errors, one log line, headers."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

import msgspec
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from tenfold.engine.registry import CUSTOM
from tenfold.kernel.errors import BadRequest, TenfoldError, TooLarge, TooMany
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import hush
from tenfold.kernel.settings import Settings
from tenfold.web import policy
from tenfold.web.desk import header
from tenfold.web.entrance import Entrance
from tenfold.web.limits.limit import headers as limit_headers
from tenfold.web.limits.limits import allowances
from tenfold.web.metrics import Metrics
from tenfold.web.scope import notes

PATIENCE_SECONDS = 60.0
"""How long the next piece of a body is waited for."""
_STDERR = 2
_UPLOADS = ("/v1/imports", "/imports")
_ID = re.compile(r"^[A-Za-z0-9._-]{8,64}$")
# What these methods ask of an address is answered by asking it otherwise: HEAD as GET, and
# OPTIONS as a method that no address takes, whose refusal names those that it does take.
_INSTEAD = {"HEAD": "GET", "OPTIONS": "*"}
_OWN_TYPES = ("/v1/custom/", "/custom/")
Refuse = Callable[[Scope, TenfoldError], ASGIApp]


class Edge:
    """ASGI middleware around everything; `refuse` makes an answer of an error."""

    def __init__(
        self,
        app: ASGIApp,
        entrance: Entrance,
        refuse: Refuse,
        metrics: Metrics,
        settings: Settings,
    ) -> None:
        self.app, self.entrance, self.refuse, self.metrics = app, entrance, refuse, metrics
        self.body_limit = settings.body_limit
        self.upload_limit = max(settings.import_bytes, settings.body_limit)
        self.log = settings.log_level in ("DEBUG", "INFO")
        self._always = policy.headers(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        hush()
        for prefix in _OWN_TYPES:
            if scope["path"].startswith(prefix):
                # `/v1/custom/vehicles/…` is served by the same handlers as `/v1/leads/…`,
                # `/custom/vehicles` by those of the page `/leads`.
                rest = scope["path"].removeprefix(prefix)
                scope["path"] = f"{prefix.removesuffix('custom/')}{CUSTOM}{rest}"
        # Of a header that comes several times this is the last; who minds looks at all of them.
        given: dict[bytes, bytes] = dict(scope["headers"])
        named = given.get(b"x-request-id", b"").decode("latin-1")
        request_id = named if _ID.match(named) else new_id().hex
        scope["tenfold.request_id"] = request_id  # pyright: ignore[reportGeneralTypeIssues]
        began = time.perf_counter()
        status, refused = 500, False
        asked, origin = scope["method"], given.get(b"origin", b"")
        noted = notes(scope)

        async def answer(message: Message) -> None:
            nonlocal status, refused
            if refused:
                return
            if message["type"] == "http.response.start":
                try:
                    await self.entrance.leave(noted)
                except TooMany as error:
                    await self.refuse(scope, error)(scope, receive, answer)
                    refused = True
                    return
                status = message["status"]
                headers = list(message.get("headers", []))
                headers.extend(self._always)
                headers.append((b"x-request-id", request_id.encode()))
                headers.extend(limit_headers(allowances(noted)))
                headers.extend(self.entrance.cors.headers(noted, origin))
                message["headers"] = headers
            await send(message)

        try:
            app = await self._entered(scope, given)
            limit = self.upload_limit if _uploads(scope) else self.body_limit
            if asked in _INSTEAD:
                scope["method"] = _INSTEAD[asked]  # pyright: ignore[reportGeneralTypeIssues]
                scope["tenfold.headers_only"] = True  # pyright: ignore[reportGeneralTypeIssues]
                answer = _head_only(answer, asked)
            await app(scope, self._bounded(receive, limit), answer)
        finally:
            scope["method"] = asked
            self._done(scope, request_id, status, time.perf_counter() - began)

    async def _entered(self, scope: Scope, given: Mapping[bytes, bytes]) -> ASGIApp:
        """What answers: the application, or what was settled before."""
        try:
            return await self.entrance.enter(notes(scope), given) or self.app
        except TenfoldError as error:
            return self.refuse(scope, error)

    def _bounded(self, receive: Receive, limit: int) -> Receive:
        """Refuse a body over the limit while it arrives, and one that stops before its end."""
        seen, whole = 0, False

        async def bounded() -> Any:
            nonlocal seen, whole
            if whole:  # what comes now is that the client left, which may take long
                return await receive()
            message = await _in_time(receive)
            if message["type"] == "http.request":
                whole = not message.get("more_body")
                seen += len(message.get("body", b""))
                if seen > limit:
                    raise TooLarge(f"The body may have at most {limit:,} bytes.")
            else:
                raise BadRequest("The connection ended before the body did.")
            return message

        return bounded

    def _done(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        noted = cast("Mapping[str, Any]", scope)  # by the layers within, under names of ours
        route = str(noted.get("tenfold.route", "other"))
        self.metrics.request(route, str(noted.get("method")), status, seconds)
        if not self.log:
            return
        claims = noted.get("tenfold.claims")
        line = {
            "level": "info" if status < 500 else "error",
            "event": "request",
            "at": time.time(),
            "request_id": request_id,
            "method": noted.get("method"),
            "route": route,
            "status": status,
            "ms": round(seconds * 1_000, 2),
            "tenant_id": claims.tenant if claims else None,
            "user_id": claims.user if claims else None,
            "key_id": claims.session if claims and claims.kind == "key" else None,
        }
        # In one piece and at once, so that nothing waits in a process that is killed; where it
        # can't be written any more, people are served all the same.
        with suppress(OSError):
            os.write(_STDERR, msgspec.json.encode(line) + b"\n")


async def _in_time(receive: Receive) -> Any:
    """The next piece of a body; raises BadRequest where none comes for too long."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await receive()
    except TimeoutError:
        text = f"The body stopped before its end: nothing came for {PATIENCE_SECONDS:g} seconds."
        raise BadRequest(text) from None


def _uploads(scope: Scope) -> bool:
    """Whether a file comes in a form, which goes to the disk; any other body is held in memory."""
    if not scope["path"].startswith(_UPLOADS):
        return False
    kind = header(scope, b"content-type").partition(";")[0]
    return kind.strip().lower() == "multipart/form-data"


def _head_only(send: Send, asked: str) -> Send:
    """Pass an answer on without its body: to OPTIONS a refused method is what was asked for."""
    whole = False

    async def head(message: Message) -> None:
        nonlocal whole
        if message["type"] == "http.response.start":
            if asked == "OPTIONS":
                whole = message["status"] != 405
                if not whole:
                    allow = [h for h in message.get("headers", []) if h[0].lower() == b"allow"]
                    message = {**message, "status": 204, "headers": allow}
            await send(message)
        elif whole:
            await send(message)
        elif not message.get("more_body"):
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    return head


__all__ = ["Edge", "TenfoldError"]
