"""What Okta and Microsoft Entra send, as their documentation shows it."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import uuid4

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.factories import Somebody
from tests.scim.conftest import GROUP, USER, Directory

pytestmark = pytest.mark.anyio
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
ADSCIM = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def address() -> str:
    return f"test.user.{secrets.token_hex(4)}@okta.example"


def from_okta(email: str, **changes: Any) -> dict[str, Any]:
    """The user as Okta sends them."""
    return {
        "schemas": [USER],
        "userName": email,
        "name": {"givenName": "Test", "middleName": "", "familyName": "User"},
        "emails": [{"primary": True, "value": email, "type": "work"}],
        "displayName": "Test User",
        "locale": "en-US",
        "externalId": f"00u{secrets.token_hex(8)}",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
        **changes,
    }


# -- Okta


async def test_okta_looks_makes_and_changes_a_user(directory: Directory) -> None:
    first = await directory.get("Users?startIndex=1&count=2")
    assert (first["startIndex"], first["itemsPerPage"]) == (1, len(first["Resources"]))
    email = address()
    query = httpx.QueryParams(filter=f'userName eq "{email}"', startIndex=1, count=100)
    nobody = await directory.get(f"Users?{query}")
    assert (nobody["totalResults"], nobody["Resources"]) == (0, [])
    made = await directory.post("Users", from_okta(email))
    assert made["userName"] == email
    assert made["name"] == {"givenName": "Test", "familyName": "User"}
    assert made["emails"] == [{"value": email, "type": "work", "primary": True}]
    assert made["active"] is True
    assert "password" not in made
    found = await directory.get(f"Users?{query}")
    assert [one["id"] for one in found["Resources"]] == [made["id"]]
    change = from_okta(
        email,
        id=made["id"],
        externalId=made["externalId"],
        name={"givenName": "Another", "middleName": "", "familyName": "User"},
        meta={"resourceType": "User"},
    )
    changed = await directory.put(f"Users/{made['id']}", change)
    assert changed["name"]["givenName"] == "Another"
    again = await directory.get(f"Users/{made['id']}")
    assert again == changed


async def test_okta_lets_a_user_go_and_come_back(
    directory: Directory, api: Api, admin: Somebody
) -> None:
    made = await directory.post("Users", from_okta(address()))
    gone = await directory.patch(
        f"Users/{made['id']}", {"op": "replace", "value": {"active": False}}
    )
    assert gone["active"] is False
    member = await api.data(admin, "GET", f"members/{made['id']}")
    assert member["active"] is False
    back = await directory.patch(
        f"Users/{made['id']}", {"op": "replace", "value": {"active": True}}
    )
    assert back["active"] is True
    assert back["externalId"] == made["externalId"]


async def test_okta_pushes_groups(directory: Directory, api: Api, admin: Somebody) -> None:
    assert (await directory.get("Groups?startIndex=1&count=100"))["itemsPerPage"] == 2
    users = [await directory.post("Users", from_okta(address())) for _ in range(2)]
    group = await directory.post(
        "Groups", {"schemas": [GROUP], "displayName": "Test SCIMv2", "members": []}
    )
    assert "members" not in group
    place = f"Groups/{group['id']}"
    renamed = {"id": group["id"], "displayName": "Test SCIMv2 0"}
    after = await directory.patch(place, {"op": "replace", "value": renamed})
    assert after["displayName"] == "Test SCIMv2 0"
    added = await directory.patch(
        place,
        {
            "op": "add",
            "path": "members",
            "value": [{"value": user["id"], "display": user["userName"]} for user in users],
        },
    )
    assert {one["value"] for one in added["members"]} == {user["id"] for user in users}
    first, second = users
    swapped = await directory.patch(
        place, {"op": "remove", "path": f'members[value eq "{first["id"]}"]'}
    )
    assert [one["value"] for one in swapped["members"]] == [second["id"]]
    member = await api.data(admin, "GET", f"members/{second['id']}")
    assert member["team_id"] == group["id"]
    user = await directory.get(f"Users/{second['id']}")
    assert [(one["value"], one["display"]) for one in user["groups"]] == [
        (group["id"], "Test SCIMv2 0")
    ]
    whole = {**after, "members": [{"value": first["id"]}]}
    replaced = await directory.put(place, whole)
    assert [one["value"] for one in replaced["members"]] == [first["id"]]
    assert (await directory.ask("DELETE", place)).status_code == 204
    assert (await directory.refused("GET", place))[0] == 404
    assert "groups" not in await directory.get(f"Users/{first['id']}")


# -- Entra


def from_entra(email: str, **changes: Any) -> dict[str, Any]:
    """The user as Entra sends them."""
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": str(uuid4()),
        "userName": email,
        "active": True,
        "emails": [{"primary": True, "type": "work", "value": f"other.{email}"}],
        "meta": {"resourceType": "User"},
        "name": {
            "formatted": "givenName familyName",
            "familyName": "familyName",
            "givenName": "givenName",
        },
        "roles": [],
        ENTERPRISE: {"department": "Sales", "manager": {"value": "x"}},
        **changes,
    }


async def test_entra_makes_finds_and_changes_a_user(directory: Directory) -> None:
    email = address()
    made = await directory.post("Users", from_entra(email))
    assert made["schemas"] == [USER]
    assert made["emails"][0]["value"] == email, "the address is the account's"
    for filter_ in (
        f'userName eq "{email.upper()}"',
        f'externalId eq "{made["externalId"]}"',
        f'emails[type eq "work"].value eq "{email}"',
    ):
        assert await directory.find(filter_) == [made["id"]], filter_
    changed = await directory.patch(
        f"Users/{made['id']}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "updated@example.com"},
        {"op": "Replace", "path": "name.familyName", "value": "updatedFamilyName"},
        {"op": "Add", "path": f"{ENTERPRISE}:department", "value": "Support"},
        {"op": "Replace", "path": "displayName", "value": "Somebody"},
    )
    assert changed["name"] == {"givenName": "givenName", "familyName": "updatedFamilyName"}
    assert changed["emails"][0]["value"] == email
    other = address()
    moved = await directory.patch(
        f"Users/{made['id']}", {"op": "Replace", "path": "userName", "value": other}
    )
    assert moved["userName"] == other


@pytest.mark.parametrize("value", [False, "False", "false"])
async def test_entra_disables_a_user(directory: Directory, value: object) -> None:
    made = await directory.post("Users", from_entra(address()))
    place = f"Users/{made['id']}"
    gone = await directory.patch(place, {"op": "Replace", "path": "active", "value": value})
    assert gone["active"] is False
    assert await directory.find('active eq false and externalId eq "' + made["externalId"] + '"')


async def test_entra_gives_roles_by_its_expressions(directory: Directory) -> None:
    made = await directory.post("Users", from_entra(address()))
    place = f"Users/{made['id']}"

    async def roles(*operations: dict[str, Any]) -> list[str]:
        user = await directory.patch(place, *operations)
        return [one["value"] for one in user.get("roles", [])]

    path = 'roles[primary eq "True"].value'
    assert await roles({"op": "Add", "path": path, "value": "Manager"}) == ["manager"]
    assert await roles({"op": "Replace", "path": path, "value": "Admin"}) == ["admin"]
    several = [{"primary": False, "type": "WindowsAzureActiveDirectoryRole", "value": "agent"}]
    assert await roles({"op": "Add", "path": "roles", "value": several}) == ["admin", "agent"]
    gone = {"op": "Remove", "path": "roles", "value": [{"value": "agent"}]}
    assert await roles(gone) == ["admin"]
    assert await roles({"op": "Remove", "path": "roles"}) == []


async def test_entra_pushes_groups(directory: Directory) -> None:
    user = await directory.post("Users", from_entra(address()))
    body = {
        "schemas": [GROUP, ADSCIM],
        "externalId": str(uuid4()),
        "displayName": "displayName",
        "meta": {"resourceType": "Group"},
    }
    group = await directory.post("Groups", body)
    place = f"Groups/{group['id']}"
    assert await directory.find('displayName eq "displayName"', "Groups") == [group["id"]]
    query = httpx.QueryParams(
        excludedAttributes="members", filter=f'externalId eq "{body["externalId"]}"'
    )
    found = await directory.get(f"Groups?{query}")
    assert [one["id"] for one in found["Resources"]] == [group["id"]]
    member = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": user["id"]}]}
    added = await directory.patch(place, member)
    assert [one["value"] for one in added["members"]] == [user["id"]]
    assert "members" not in await directory.get(f"{place}?excludedAttributes=members")
    renamed = await directory.patch(
        place, {"op": "Replace", "path": "displayName", "value": "another name"}
    )
    assert renamed["displayName"] == "another name"
    removed = await directory.patch(place, {**member, "op": "Remove"})
    assert "members" not in removed
