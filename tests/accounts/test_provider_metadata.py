"""A provider that says of itself that it is another one lets nobody in (ASVS V10.5.3)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.accounts.conftest import opened
from tests.accounts.idp import own_provider
from tests.accounts.test_oidc import HTML, KNOWN, leave, with_providers
from tests.conftest import Serve

from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "says",
    [
        {"issuer": "https://accounts.google.com"},
        {"issuer": "http://127.0.0.1"},
        {"issuer": ""},
        {"issuer": None},
        {},
    ],
    ids=str,
)
async def test_a_provider_can_not_pose_as_another(
    serve: Serve, settings: Settings, says: dict[str, Any]
) -> None:
    async with own_provider() as idp:
        idp.metadata = says
        listed = [{"key": "own", "issuer": idp.issuer, **KNOWN}]
        async with (
            serve(with_providers(settings, listed, 20.0)) as running,
            opened(running) as browser,
        ):
            if not says:  # the same one, honest
                assert (await leave(browser)).startswith(f"{idp.issuer}/authorize?")
                return
            answer = await browser.http.get("/v1/auth/oidc/own/start", headers=HTML)
            assert answer.status_code == 503
            assert "location" not in answer.headers
            assert "/authorize" not in idp.paths
