"""The application with breaches of its document planted in it, to see that they are found."""

from __future__ import annotations

from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send

from tenfold import app as composition

# By address: what is answered instead, each a breach of another kind.
BREACHES: dict[str, tuple[int, bytes, bytes]] = {
    "/v1/tags": (500, b"application/json", b'{"success":false}'),
    "/v1/tags/search": (418, b"application/json", b'{"success":false}'),
    "/v1/tags/aggregate": (200, b"application/json", b'{"success":true,"data":"none"}'),
    "/v1/search": (200, b"text/html", b"<p>found nothing</p>"),
}


def create_app() -> ASGIApp:
    """The application, but for some addresses."""
    inside: Any = composition.create_app()

    async def planted(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in BREACHES or scope["method"] != "GET":
            await inside(scope, receive, send)
            return
        status, kind, body = BREACHES[scope["path"]]
        headers = [(b"content-type", kind), (b"x-request-id", b"planted-breach")]
        start: Any = {"type": "http.response.start", "status": status, "headers": headers}
        await send(start)
        end: Any = {"type": "http.response.body", "body": body, "more_body": False}
        await send(end)

    return planted
