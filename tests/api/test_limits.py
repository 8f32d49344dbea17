"""A limit is one of the whole server: each of its processes allows its share."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest
from tests.factories import Somebody

from tenfold.cli import serve as serving
from tenfold.cli.installation import Installation
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("workers", "share"), [(0, 5), (1, 5), (2, 3), (8, 1)])
async def test_processes_share_a_persons_limit(
    serve, settings: Settings, admin: Somebody, workers: int, share: int
) -> None:
    several = msgspec.structs.replace(settings, rate_per_minute=5, workers=workers)
    async with serve(several) as running:
        answer = await running.client.get("/v1/leads", headers=admin.headers)
        assert answer.headers["ratelimit-policy"] == f'"person";q={share};w=60'


def test_no_limit_is_none_for_any_process() -> None:
    assert Settings(workers=4).share(0) == 0


@pytest.mark.parametrize(("wanted", "made"), [(3, 3), (0, os.cpu_count() or 1)])
def test_processes_are_told_how_many_there_are(
    monkeypatch: pytest.MonkeyPatch, wanted: int, made: int
) -> None:
    started: dict[str, Any] = {}

    def granian(_application: str, **given: Any) -> Any:
        started.update(given)
        return SimpleNamespace(serve=lambda: None)

    monkeypatch.setattr(serving, "Granian", granian)
    monkeypatch.setattr(serving, "port_free", lambda *_: "")
    monkeypatch.setenv("TENFOLD_WORKERS", "")
    here = SimpleNamespace(settings=Settings(workers=wanted), environment={"TENFOLD_WORKERS": "0"})
    assert serving.run(cast("Installation", here)) == 0
    assert (started["workers"], os.environ["TENFOLD_WORKERS"]) == (made, str(made))
