"""The way out is on every page, and nothing stays behind; what passwords are typed into."""

from __future__ import annotations

from typing import Any

import pytest
from tests.pages.conftest import Visitor

from tenfold.web.pages.assets import assets

pytestmark = pytest.mark.anyio


async def test_every_page_leads_out(visitor: Visitor, lead: dict[str, Any]) -> None:
    for address in ("/", "/leads", "/leads/new", f"/leads/{lead['id']}", "/menu", "/search?q=a"):
        await visitor.get(address)
        assert [f for f in visitor.page.all("form") if f.get("action") == "/logout"], address


async def test_what_the_browser_keeps_goes_with_the_session(
    visitor: Visitor, lead: dict[str, Any]
) -> None:
    await visitor.get(f"/leads/{lead['id']}")
    assert visitor.answer.headers["cache-control"] == "private, no-cache"
    pairs = visitor.form("/logout").fields()
    answer = await visitor.http.post("/logout", data=dict(pairs))
    assert answer.headers["clear-site-data"] == '"cache"'
    ended = [c.lower() for c in answer.headers.get_list("set-cookie")]
    for name in ("session", "refreshtoken"):
        assert any(c.startswith(f"{name}=") and "max-age=0" in c for c in ended), name
    await visitor.get(f"/leads/{lead['id']}")
    assert visitor.path == "/login"


async def test_a_password_is_masked_and_may_be_pasted_or_filled_in(anybody: Visitor) -> None:
    await anybody.get("/login")
    (field,) = [f for f in anybody.page.all("input") if f.get("name") == "password"]
    assert (field["type"], field["autocomplete"]) == ("password", "current-password")
    assert not field.has("onpaste")
    assert not field.has("maxlength")
    (person,) = [f for f in anybody.page.all("input") if f.get("name") == "email"]
    assert person["autocomplete"].split()[0] == "username"
    for address in assets().addresses:
        if address.endswith(".js") and "app" in address:
            script = (await anybody.http.get(address)).text
            assert "paste" not in script
