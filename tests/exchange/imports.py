"""Imports through the API with a worker of this process, as people use them."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from tests.factories import Somebody
from tests.jobs.tools import QUICK

from tenfold import jobs
from tenfold.exchange.jobs import handlers
from tenfold.web.desk import Desk

FINISHED = ("completed", "failed")


@asynccontextmanager
async def working(desk: Desk) -> AsyncIterator[None]:
    """A worker that runs imports and undos until the end of the block."""
    stop = asyncio.Event()
    registry = jobs.Registry(handlers(desk.exchange))
    task = asyncio.create_task(
        jobs.work(desk.database, registry, stop=stop, concurrency=2, pace=QUICK)
    )
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 20)


class Person:
    """Somebody who imports, exports and undoes."""

    def __init__(self, client: httpx.AsyncClient, who: Somebody) -> None:
        self.client, self.who = client, who

    async def get(self, path: str, **params: str) -> Any:
        answer = await self.client.get(path, params=params, headers=self.who.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def every(self, plural: str, **params: str) -> list[dict[str, Any]]:
        """All records of a type, over all pages."""
        found: list[dict[str, Any]] = []
        asked = {"limit": "100", **params}
        while True:
            answer = await self.client.get(f"/v1/{plural}", params=asked, headers=self.who.headers)
            assert answer.status_code == 200, answer.text
            found += answer.json()["data"]
            cursor = answer.json()["meta"]["next_cursor"]
            if not cursor:
                return found
            asked["cursor"] = cursor

    async def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = await self.client.post(path, json=body or {}, headers=self.who.headers)
        assert answer.status_code == status, answer.text
        return answer.json().get("data")

    async def patch(self, path: str, body: Any) -> Any:
        answer = await self.client.patch(path, json=body, headers=self.who.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    async def start(
        self, files: Path | bytes | str | list[Path], kind: str = "", **form: str
    ) -> httpx.Response:
        """Send a file, several, or a text."""
        if isinstance(files, str | bytes):
            content = files if isinstance(files, bytes) else str.encode(files)
            sent = [("file", (form.pop("filename", "rows.csv"), content))]
        else:
            paths = files if isinstance(files, list) else [files]
            sent = [("file", (path.name, content_of(path))) for path in paths]
        return await self.client.post(
            "/v1/imports", data={"type": kind, **form}, files=sent, headers=self.who.headers
        )

    async def imported(
        self, files: Path | bytes | str | list[Path], kind: str = "", **form: str
    ) -> Any:
        """Import and wait for the end."""
        answer = await self.start(files, kind, **form)
        assert answer.status_code == 202, answer.text
        return await self.finished(answer.json()["data"]["id"])

    async def finished(self, identity: str) -> Any:
        async with asyncio.timeout(60):
            while True:
                view = await self.get(f"/v1/imports/{identity}")
                if view["state"] in FINISHED:
                    return view
                await asyncio.sleep(0.05)

    async def refused(self, view: Any) -> list[dict[str, str]]:
        """The rows of the file of refused rows."""
        answer = await self.client.get(
            f"/v1/imports/{view['id']}/refused", headers=self.who.headers
        )
        assert answer.status_code == 200
        return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))

    async def undone(self, batch: str) -> Any:
        """Undo a batch and wait until it is done; its preview must have said the same."""
        foreseen = (await self.get(f"/v1/batches/{batch}"))["undo"]
        answer = await self.client.post(f"/v1/batches/{batch}/undo", headers=self.who.headers)
        assert answer.status_code in (200, 202), answer.text
        identity = answer.json()["data"]["id"]
        async with asyncio.timeout(60):
            while True:
                view = await self.get(f"/v1/batches/{identity}")
                if view["status"] in ("done", "failed"):
                    if foreseen and foreseen["exact"]:
                        said = {name: view["result"].get(name) for name in foreseen}
                        assert {
                            **said,
                            "exact": True,
                            "records": view["result"]["total"],
                        } == foreseen
                    return view
                await asyncio.sleep(0.05)


def content_of(path: Path) -> bytes:
    """A file's bytes."""
    return path.read_bytes()


def counts(view: Any) -> tuple[int, int, int, int, int]:
    """Read, created, updated, unchanged and refused."""
    found = view["counts"]
    return tuple(found[n] for n in ("read", "created", "updated", "unchanged", "refused"))  # pyright: ignore[reportReturnType]
