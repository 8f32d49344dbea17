"""Roles, custom fields and teams reach the record types that an organisation made itself."""

from __future__ import annotations

import pytest
from tests.accounts.conftest import Api
from tests.factories import Organisation, Somebody

pytestmark = pytest.mark.anyio


async def test_own_type_is_granted_given_fields_and_follows_its_owner(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    await api.data(admin, "POST", "types", {"name": "vehicles"})
    field = {"type": "custom_vehicles", "name": "plate", "kind": "text"}
    made = await api.data(admin, "POST", "custom-fields", field)
    hidden = {**field, "name": "price", "kind": "money"}
    await api.data(admin, "POST", "custom-fields", hidden)
    grant = {"read": "team", "create": True, "hide": ["custom.price", "owner_id"]}
    grants = {"custom_vehicles": grant}
    await api.data(admin, "POST", "roles", {"name": "driver", "grants": grants})
    shown = (await api.data(admin, "GET", "roles/driver"))["grants"]["custom_vehicles"]
    assert shown["hide"] == ["custom.price", "owner_id"]
    fields = await api.data(admin, "GET", "custom-fields?type=custom_vehicles")
    assert [f["name"] for f in fields] == ["plate", "price"]
    vehicle = {"name": "Van", "custom": {"plate": "AB 1", "price": 5}}
    van = await api.data(admin, "POST", "custom/vehicles", vehicle)
    assert van["custom"] == {"plate": "AB 1", "price": 5, "price_currency": "USD"}
    (found,) = await api.data(admin, "GET", "custom/vehicles?custom.plate=AB 1")
    assert found["id"] == van["id"]
    (told,) = await api.data(admin, "GET", "access?type=custom_vehicles")
    assert told["path"] == "/v1/custom/vehicles"
    move = {"team_id": str(organisation.team)}
    await api.data(admin, "PATCH", f"members/{admin.id}", move)
    (again,) = await api.data(admin, "GET", "custom/vehicles")
    assert (again["team_id"], again["version"]) == (str(organisation.team), 2)
    await api.data(admin, "DELETE", f"custom-fields/{made['id']}")
    (bare,) = await api.data(admin, "GET", "custom/vehicles")
    assert set(bare["custom"]) == {"price", "price_currency"}
