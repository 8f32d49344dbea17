"""Tags have the colour that the organisation gave them, wherever they are shown."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.conftest import MakeOrganisation
from tests.factories import Somebody
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio


def dots(visitor: Visitor) -> list[str]:
    """The colours of the tags on the page."""
    found = [i for tag in visitor.page.all("span", class_="tag") for i in tag.all("i")]
    return [one["class"].removeprefix("dot tag-") for one in found]


async def test_a_tag_has_its_colour_in_lists_and_on_records_and_changes_it_at_once(
    visitor: Visitor, make: Make, client: httpx.AsyncClient, admin: Somebody
) -> None:
    tag: dict[str, Any] = await make("tags", name="VIP", colour="pink")
    lead = await make("contacts", first_name="Zoë", last_name="Ü", tags=["vip", "plain"])
    await visitor.get(f"/contacts/{lead['id']}")
    assert dots(visitor) == ["pink"]
    body = {"colour": "green"}
    await client.patch(f"/v1/tags/{tag['id']}", json=body, headers=admin.headers)
    await visitor.get(f"/contacts/{lead['id']}")
    assert dots(visitor) == ["green"]
    await client.delete(f"/v1/tags/{tag['id']}", headers=admin.headers)
    await visitor.get(f"/contacts/{lead['id']}")
    assert dots(visitor) == []


async def test_the_colours_of_another_organisation_are_not_seen(
    visit: Visit, make: Make, make_organisation: MakeOrganisation, client: httpx.AsyncClient
) -> None:
    await make("tags", name="VIP", colour="pink")
    other = await (await make_organisation("Elsewhere")).person("owner")
    body = {"first_name": "Zoë", "last_name": "Ü", "tags": ["VIP"]}
    made = (await client.post("/v1/contacts", json=body, headers=other.headers)).json()["data"]
    visitor = visit(other)
    await visitor.get(f"/contacts/{made['id']}")
    assert "VIP" in visitor.page.text
    assert dots(visitor) == []
