"""A key reaches what its owner may and its scopes name, on every way to a record."""

from __future__ import annotations

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import made, service
from tests.conftest import Running
from tests.exchange.imports import Person as Importing
from tests.exchange.imports import working
from tests.factories import Organisation, Owner, Somebody

from tenfold.engine.access import Access, confined
from tenfold.engine.scopes import Scopes
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
ROWS = "first_name,last_name\nAnn,Lee\nBob,Ray\n"
FILE = {"type": "leads", "filename": "a.csv", "content": ROWS}
ALL = Access(
    read="all", create=True, update="all", delete="all", reveal=frozenset({"ssn"}), shape="x"
)


def scopes(*names: str) -> Scopes:
    return Scopes(new_id(), frozenset(names))


# -- the intersection


@pytest.mark.parametrize(
    ("names", "left"),
    [
        (["lead:read"], ("all", False, "none", "none", 0)),
        (["lead:write"], ("none", True, "all", "all", 0)),
        (["lead:read", "lead:reveal"], ("all", False, "none", "none", 1)),
        (["*:read", "lead:write"], ("all", True, "all", "all", 0)),
        (["company:read", "*:reveal"], ("none", False, "none", "none", 1)),
        (["admin", "scim"], ("none", False, "none", "none", 0)),
        ([], ("none", False, "none", "none", 0)),
    ],
)
def test_scopes_leave_of_an_access_what_they_name(
    names: list[str], left: tuple[str, bool, str, str, int]
) -> None:
    one = confined(ALL, "lead", scopes(*names))
    assert (one.read, one.create, one.update, one.delete, len(one.reveal)) == left
    assert confined(Access(), "lead", scopes("*:read", "*:write", "*:reveal")) == Access()
    assert confined(ALL, "lead", None) is ALL


# -- records


async def test_a_verb_that_no_scope_gives_is_forbidden(api: Api, admin: Somebody) -> None:
    lead = await api.lead(admin)
    reads, writes = await made(api, admin, "lead:read"), await made(api, admin, "lead:write")
    body = {"first_name": "A", "last_name": "B"}
    assert await api.leads(reads) == [lead]
    for method, path, sent in (
        ("POST", "leads", body),
        ("PATCH", f"leads/{lead}", {"first_name": "X"}),
        ("DELETE", f"leads/{lead}", None),
        ("POST", f"leads/{lead}/moves", {"to": "contacted"}),
        ("POST", "leads/bulk", {"records": [body]}),
        ("PATCH", "leads/bulk", {"records": [{"id": lead, "first_name": "X"}]}),
        ("DELETE", "leads/bulk", {"records": [{"id": lead}]}),
        ("POST", "leads/upsert", {"key": "external_id", "records": [{**body, "external_id": "1"}]}),
    ):
        answer = await api.refused(reads, method, path, sent)
        assert answer[:2] == (403, "FORBIDDEN"), (method, path)
    await api.lead(writes)
    for path in ("leads", f"leads/{lead}", "leads/search?q=ann", "leads/aggregate?group=status"):
        assert (await api.refused(writes, "GET", path))[:2] == (403, "FORBIDDEN"), path
    assert (await api.refused(writes, "POST", "leads/batch-read", {"ids": [lead]}))[0] == 403
    assert (await api.ask(writes, "GET", "leads/export")).status_code == 403
    answer = await api.ask(writes, "PATCH", f"leads/{lead}", {"first_name": "X"})
    assert answer.status_code == 403, "what can't be read can't be changed"


async def test_what_a_type_tells_of_others_ends_with_the_scopes(api: Api, admin: Somebody) -> None:
    company = (await api.data(admin, "POST", "companies", {"name": "Acme Widgets"}))["id"]
    body = {"first_name": "Ann", "last_name": "Lee", "company_id": company}
    contact = (await api.data(admin, "POST", "contacts", body))["id"]
    narrow, wide = await made(api, admin, "contact:read"), await made(api, admin, "*:read")
    for path in (
        "contacts?embed=company",
        f"contacts/{contact}?embed=company",
        "search?q=acme",
        f"companies/{company}",
        "companies/export",
        f"companies/{company}/timeline",
        f"contacts/{contact}/timeline",
        "contacts",
    ):
        assert (await api.ask(wide, "GET", path)).status_code == 200, path
        answer = await api.ask(narrow, "GET", path)
        assert "Acme" not in answer.text, path
    both = [await api.ask(who, "GET", "contacts?embed=company") for who in (wide, narrow, admin)]
    told = ["Acme" in one.text for one in both]
    assert told == [True, False, True], "a page that was kept for one is not another's"


async def test_own_types_have_scopes_as_those_that_ship(api: Api, admin: Somebody) -> None:
    for name in ("vehicles", "boats"):
        await api.data(admin, "POST", "types", {"name": name})
        await api.data(admin, "POST", f"custom/{name}", {"name": f"One of the {name}"})
    key = await made(api, admin, "custom_vehicles:read")
    assert len(await api.data(key, "GET", "custom/vehicles")) == 1
    assert (await api.refused(key, "GET", "custom/boats"))[0] == 403
    assert (await api.refused(key, "POST", "custom/vehicles", {"name": "x"}))[0] == 403
    assert [one["name"] for one in await api.data(key, "GET", "types")] == ["custom_vehicles"]
    assert (await api.refused(key, "GET", "types/boats"))[0] == 404


async def test_secrets_are_opened_with_a_scope_of_their_own(api: Api, admin: Somebody) -> None:
    body = {"address": "1 Main St", "list_price": 1, "lockbox_code": "4711"}
    listing = await api.data(admin, "POST", "listings", body)
    path = f"listings/{listing['id']}/reveals"
    reads = await made(api, admin, "listing:read", "listing:write")
    opens = await made(api, admin, "listing:read", "listing:reveal")
    assert (await api.refused(reads, "POST", path, {"field": "lockbox_code"}))[0] == 403
    told = await api.data(opens, "POST", path, {"field": "lockbox_code"})
    assert told["value"] == "4711"


async def test_a_key_reaches_no_further_than_its_owner(
    api: Api, organisation: Organisation, admin: Somebody
) -> None:
    lead = await api.lead(admin)
    nobody = await organisation.person("member", name="without roles")
    key = await made(api, nobody, "*:read", "*:write", "*:reveal")
    assert (await api.refused(key, "GET", f"leads/{lead}"))[0] in (403, 404)
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    mine = await api.lead(agent)
    narrow = await made(api, agent, "*:read")
    assert await api.leads(narrow) == [mine]


# -- what is done later, by a worker


async def test_an_import_keeps_to_the_scopes_of_the_key_that_began_it(
    api: Api, client: httpx.AsyncClient, app: Running, admin: Somebody, owner: Owner
) -> None:
    full = await made(api, admin, "lead:read", "lead:write")
    begun = await api.data(full, "POST", "imports", FILE, 202)
    # As if the key's scopes had been fewer from the start, which no request can do.
    narrowed = "UPDATE tenfold.api_keys SET scopes = '{lead:read}' WHERE id = $1"
    await owner.execute(narrowed, full.id)
    async with working(app.desk):
        view = await Importing(client, admin).finished(begun["id"])  # pyright: ignore[reportArgumentType]
    assert view["state"] == "failed" or view["counts"]["refused"] == 2
    assert await api.leads(admin) == []


async def test_an_import_stops_with_the_key_that_began_it(
    api: Api, client: httpx.AsyncClient, app: Running, admin: Somebody
) -> None:
    key = await made(api, admin, "lead:read", "lead:write")
    begun = await api.data(key, "POST", "imports", FILE, 202)
    await api.data(admin, "DELETE", f"api-keys/{key.id}")
    async with working(app.desk):
        view = await Importing(client, admin).finished(begun["id"])  # pyright: ignore[reportArgumentType]
    assert view["state"] == "failed"
    assert "API key was revoked" in view["error"]
    assert await api.leads(admin) == []


async def test_an_import_by_a_key_comes_in(
    api: Api, client: httpx.AsyncClient, app: Running, admin: Somebody
) -> None:
    key = await made(api, admin, "lead:read", "lead:write")
    begun = await api.data(key, "POST", "imports", FILE, 202)
    async with working(app.desk):
        await Importing(client, key).finished(begun["id"])  # pyright: ignore[reportArgumentType]
    assert len(await api.leads(key)) == 2


async def test_batches_of_other_types_are_not_there_for_a_key(api: Api, admin: Somebody) -> None:
    bulk = await api.ask(admin, "POST", "tags/bulk", {"records": [{"name": "red"}]})
    batch = bulk.json()["meta"]["batch_id"]
    other, reads = await made(api, admin, "lead:read"), await made(api, admin, "tag:read")
    assert await api.data(other, "GET", "batches") == []
    for method, path in (("GET", f"batches/{batch}"), ("POST", f"batches/{batch}/undo")):
        assert (await api.refused(other, method, path))[0] == 404, path
    assert [one["id"] for one in await api.data(reads, "GET", "batches")] == [batch]
    assert (await api.refused(reads, "POST", f"batches/{batch}/undo"))[0] == 403
    writes = await made(api, admin, "tag:read", "tag:write")
    undo = await api.data(writes, "POST", f"batches/{batch}/undo", None, 200)
    assert undo["result"]["deleted"] == 1


async def test_an_idempotency_key_of_ones_session_opens_nothing_to_ones_key(
    api: Api, admin: Somebody
) -> None:
    body = {"first_name": "Ann", "last_name": "Lee"}
    given = {"idempotency_key": "a-request-of-mine"}
    assert (await api.ask(admin, "POST", "leads", body, **given)).status_code == 201
    key = await made(api, admin, "lead:read")
    answer = await api.ask(key, "POST", "leads", body, **given)
    assert answer.status_code == 403
    writes = await made(api, admin, "lead:read", "lead:write")
    for _ in range(2):
        answer = await api.ask(writes, "POST", "leads", body, **given)
        assert answer.status_code == 201
    assert len(await api.leads(admin)) == 2


# -- the organisation


async def test_only_a_service_account_with_role_and_scope_administers(
    api: Api, admin: Somebody
) -> None:
    team = {"name": "New team"}
    own = await made(api, admin, "*:read", "*:write")
    assert (await api.refused(own, "POST", "teams", team))[:2] == (403, "FORBIDDEN")
    assert (await api.refused(own, "GET", "roles"))[:2] == (403, "FORBIDDEN")
    assert (await api.refused(own, "POST", "types", {"name": "boats"}))[0] == 403
    boss = await service(api, admin, "admin")
    without = await made(api, admin, "*:read", "*:write", user_id=boss)
    assert (await api.refused(without, "POST", "teams", team))[:2] == (403, "FORBIDDEN")
    with_it = await made(api, admin, "admin", user_id=boss)
    await api.data(with_it, "POST", "teams", team)
    assert (await api.refused(with_it, "GET", "leads"))[0] == 403
    helper = await service(api, admin, "manager")
    body = {"name": "x", "scopes": ["admin"], "user_id": helper}
    assert (await api.refused(admin, "POST", "api-keys", body))[0] == 400
    await api.data(admin, "PATCH", f"service-accounts/{boss}", {"role": "manager"})
    other = {"name": "Another team"}
    assert (await api.refused(with_it, "POST", "teams", other))[:2] == (403, "FORBIDDEN")


async def test_an_admin_scope_that_got_onto_a_persons_key_gives_nothing(
    api: Api, admin: Somebody, owner: Owner
) -> None:
    key = await made(api, admin, "lead:read")
    await owner.execute("UPDATE tenfold.api_keys SET scopes = '{admin}' WHERE id = $1", key.id)
    assert (await api.refused(key, "POST", "teams", {"name": "x"}))[:2] == (403, "FORBIDDEN")


async def test_from_elsewhere_no_key_administers(api: Api, admin: Somebody, owner: Owner) -> None:
    key = await made(api, admin, "admin", user_id=await service(api, admin, "admin"))
    limited = "UPDATE tenfold.tenants SET admin_networks = '{203.0.113.0/24}' WHERE id = $1"
    await owner.execute(limited, admin.tenant)
    await owner.execute("SELECT tenfold.bump_members(ARRAY[$1::uuid])", admin.tenant)
    answer = await api.refused(key, "POST", "teams", {"name": "x"})
    assert answer[:2] == (403, "ADDRESS_NOT_ALLOWED")
