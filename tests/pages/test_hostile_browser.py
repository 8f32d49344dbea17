"""What people wrote does not run: every text of every type, in a real browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from playwright.async_api import Dialog, Page
from tests.factories import Somebody
from tests.pages.browsing import browsing, served

from tenfold.app import registry
from tenfold.engine.definition import Definition
from tenfold.kernel.settings import Settings
from tenfold.proofs.document import Document
from tenfold.proofs.isolation.caller import Caller
from tenfold.proofs.isolation.things import Things

pytestmark = [pytest.mark.anyio, pytest.mark.untraced]
# One text that leaves an attribute, an element, a script, a style, a comment and a template.
EVIL = (
    "jaVasCript:/*-/*`/*\\`/*'/*\"/**/(/* */oNcliCk=window.evil=1 )//%0D%0A//</stYle/</titLe/"
    "</teXtarEa/</scRipt/--!>\\x3csVg/<sVg/oNloAd=window.evil=1//>\\x3e"
    "<img src=x onerror=window.evil=1>{{7*7}}${7*7}"
)
_TEXTS = frozenset({"text", "long_text"})


@pytest.fixture
async def page(settings: Settings, admin: Somebody) -> AsyncIterator[Page]:
    """A page of the owner's."""
    async with (
        served(settings, TENFOLD_PUBLIC_URL=settings.address) as port,
        browsing() as browser,
    ):
        address = f"http://127.0.0.1:{port}"
        window = await browser.new_context(base_url=address)
        await window.add_cookies(
            [{"name": "session", "value": admin.token, "url": address, "httpOnly": True}]
        )
        yield await window.new_page()


def _evil(kind: Definition) -> dict[str, Any]:
    """A value for each text that a person may write."""
    found: dict[str, Any] = {}
    for field in kind.fields.values():
        if field.type.kind in _TEXTS and field.writable and field.name != "external_id":
            most = getattr(field.type, "max", None) or len(EVIL)
            found[field.json_name] = EVIL[-most:] if most < len(EVIL) else EVIL
    return found


async def _made(things: Things, kind: Definition) -> str:
    """A record with as many of these texts as its fields take."""
    place, values = f"/v1/{kind.path}/{{record_id}}", _evil(kind)
    one = things.who.document.named(f"create_{kind.name}")
    for _ in range(2):
        body = {**await things.body(one), **values}
        answer = await things.who.ask(one, {}, body)
        if answer.status == 201:
            return answer.document["data"]["id"]
        refused = set(answer.document["error"]["fields"])
        values = {name: value for name, value in values.items() if name not in refused}
    raise AssertionError(f"{place}: {answer.text}")


async def test_no_text_of_any_type_runs(
    page: Page, client: httpx.AsyncClient, admin: Somebody
) -> None:
    document = Document((await client.get("/openapi.json")).json())
    things = Things(Caller(document, client, admin.headers), str(admin.tenant))
    trouble: list[str] = []

    async def dismissed(dialog: Dialog) -> None:
        trouble.append(f"a dialog: {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", dismissed)
    page.on("console", lambda m: trouble.append(m.text) if "Content Security" in m.text else None)
    shown = 0
    for kind in registry():
        identity = await _made(things, kind)
        for address in (
            f"/{kind.path}",
            f"/{kind.path}/{identity}",
            f"/{kind.path}/{identity}/edit",
        ):
            answer = await page.goto(address)
            assert answer is not None
            assert answer.status in (200, 404), address
            shown += "onerror=window.evil" in await page.content()
            assert await page.evaluate("window.evil") is None, address
            assert await page.locator("[onerror], [onload], [onclick]").count() == 0, address
    await page.goto(f"/search?q={EVIL[-40:]}")
    assert await page.evaluate("window.evil") is None
    assert trouble == []
    assert shown > 20, "the texts are shown"
