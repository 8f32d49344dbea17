"""A request that may be redirected: what goes on to the next server, and what stays behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import httpx

from tenfold.outside.targets import OutsideError, Target

OURS = {"user-agent": "Tenfold", "accept": "*/*", "accept-encoding": "gzip"}
"""Headers of every request; no others are shown to a server that they were not meant for."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request, which may go to several addresses one after the other."""

    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes

    def request(self, target: Target) -> httpx.Request:
        """The same to a checked address."""
        return httpx.Request(
            self.method, target.url, headers=dict(self.headers), content=self.content
        )

    def onward(self, status: int, at: httpx.URL, place: str) -> Ask:
        """The request to the address that one was redirected to."""
        try:
            url = urljoin(str(at), place)
            was, now = urlsplit(str(at)), urlsplit(url)
        except ValueError:
            raise OutsideError("redirects to no address") from None
        if was.scheme == "https" and now.scheme == "http":
            raise OutsideError("redirects to one without encryption")
        method, content, headers = self.method, self.content, self.headers
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, content = ("HEAD" if method == "HEAD" else "GET"), b""
            headers = {name: value for name, value in headers.items() if name != "content-type"}
        if (was.scheme, was.netloc) != (now.scheme, now.netloc):
            if content:
                raise OutsideError("redirects what was sent to another server")
            headers = {name: value for name, value in headers.items() if name in OURS}
        return Ask(method, url, headers, content)
