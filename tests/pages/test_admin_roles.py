"""Teams and roles by pages, and the explanation of what they let somebody do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.accounts.conftest import Api
from tests.accounts.keys import made, service
from tests.conftest import MakeOrganisation
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visit, Visitor

pytestmark = pytest.mark.anyio
TEAMS, ROLES, EXPLAIN = "/admin/teams", "/admin/roles", "/admin/explain"


def told(visitor: Visitor, name: str) -> str:
    """What is told beside a field."""
    return visitor.page.one(id=f"e-{name}").text


def tree(visitor: Visitor) -> list[tuple[str, str]]:
    """The teams with their depth."""
    rows = visitor.page.one(class_="tree").all("li")
    return [(row["class"], row.one("strong").text) for row in rows]


# -- teams


async def test_teams_are_made_moved_renamed_and_deleted(
    visitor: Visitor, organisation: Organisation
) -> None:
    await visitor.get(TEAMS)
    assert tree(visitor) == [("d0", "One"), ("d0", "Two")]
    await visitor.send(visitor.form(TEAMS), name=" Part ", parent_id=str(organisation.team))
    assert visitor.toast == "The team Part is made."
    assert tree(visitor) == [("d0", "One"), ("d1", "Part"), ("d0", "Two")]
    await visitor.get(visitor.page.one("a", aria_label="Change Part")["href"])
    part = visitor.page.all("form", class_="sheet")[1]["action"]
    await visitor.send(visitor.form(part), name="Piece", parent_id=str(organisation.other_team))
    assert tree(visitor) == [("d0", "One"), ("d0", "Two"), ("d1", "Piece")]
    # What has parts or people offers no way to delete it, and refuses.
    assert not [
        f
        for f in visitor.page.all("form")
        if f.get("action") == f"{TEAMS}/{organisation.other_team}/delete"
    ]
    csrf = dict(visitor.form(TEAMS).fields())["csrf"]
    await visitor.post(f"{TEAMS}/{organisation.other_team}/delete", [("csrf", csrf)])
    assert "still has 0 people and 1 teams" in visitor.toast
    await visitor.send(visitor.form(f"{part}/delete"))
    assert visitor.toast == "The team Piece is deleted."
    assert tree(visitor) == [("d0", "One"), ("d0", "Two")]


async def test_what_a_team_cannot_be_is_told_beside_it(
    visitor: Visitor, organisation: Organisation
) -> None:
    await visitor.get(TEAMS)
    await visitor.send(visitor.form(TEAMS), name="two", parent_id=str(organisation.team))
    assert visitor.answer.status_code == 409
    assert told(visitor, "name-new") == "This is taken"
    assert ("parent_id", str(organisation.team)) in visitor.form(TEAMS).fields()
    path = f"{TEAMS}/{organisation.team}"
    await visitor.get(visitor.page.one("a", aria_label="Change One")["href"])
    await visitor.send(visitor.form(path), name=" ", parent_id="")
    assert visitor.answer.status_code == 400
    assert told(visitor, f"name-{organisation.team}")
    form = visitor.form(path)
    assert str(organisation.team) not in [o["value"] for o in form.all("option")], (
        "no part of itself"
    )
    await visitor.send(form, name="One", parent_id=str(organisation.team))
    assert "is the team itself" in told(visitor, f"parent-{organisation.team}")


# -- roles


async def role(visitor: Visitor, name: str = "Sales team", like: str = "") -> str:
    """Make a role; answers its page's path."""
    await visitor.get(f"{ROLES}/new")
    await visitor.send(visitor.form(f"{ROLES}/new"), name=name, like=like)
    assert visitor.answer.status_code == 200, visitor.page.text
    return visitor.path


async def test_a_role_is_made_and_says_what_it_may_do(
    visitor: Visitor, organisation: Organisation
) -> None:
    path = await role(visitor)
    assert path == f"{ROLES}/sales-team"
    assert "Reads nothing yet" in visitor.page.text
    changed = {"read__lead": "team", "create__lead": "true", "update__lead": "own"}
    await visitor.send(visitor.form(path), **changed)
    says = "Leads: Reads those of their team, adds new ones and changes their own."
    assert visitor.toast == f"{says} Nobody has it yet."
    fields = visitor.form(path).fields()
    assert {("read.lead", "team"), ("create.lead", "true"), ("update.lead", "own")} <= set(fields)
    await organisation.person("member", ["sales-team"])
    await visitor.send(visitor.form(path), delete__lead="own")
    assert visitor.toast.endswith("For 1 person.")
    await visitor.send(visitor.form(path))
    assert visitor.toast == "Nothing changed."


async def test_fields_are_hidden_kept_and_opened_for_a_role(
    visitor: Visitor, visit: Visit, organisation: Organisation, lead: dict[str, Any]
) -> None:
    path = await role(visitor)
    await visitor.send(visitor.form(path), read__lead="all", update__lead="all")
    them = visit(await organisation.person("member", ["sales-team"]))
    await them.get(f"/leads/{lead['id']}")
    assert "Budget" in them.page.text
    await visitor.get(f"{path}/lead")
    form = visitor.form(f"{path}/lead")
    await visitor.send(form, way__budget="hidden", way__source="read_only")
    assert "Does not see Budget. Can't set Source. For 1 person." in visitor.toast
    await them.get(f"/leads/{lead['id']}")
    assert "Budget" not in them.page.text
    await them.get(f"/leads/{lead['id']}/edit")
    names = [name for name, _ in them.page.one("form", id="record-form").fields()]
    assert "source" not in names
    # The grid leaves the fields as they are.
    await visitor.get(path)
    await visitor.send(visitor.form(path), update__lead="own")
    await visitor.get(f"{path}/lead")
    chosen = [i for i in visitor.page.all("input", name="way.budget") if i.has("checked")]
    assert [i["value"] for i in chosen] == ["hidden"]


async def test_a_role_that_adds_and_may_not_set_what_each_needs_is_told_so(
    visitor: Visitor, visit: Visit, organisation: Organisation
) -> None:
    path = await role(visitor)
    await visitor.send(visitor.form(path), read__lead="all", create__lead="true")
    await visitor.get(f"{path}/lead")
    form = visitor.form(f"{path}/lead")
    await visitor.send(form, way__last_name="hidden")
    assert "Can't add any: each needs Last name." in visitor.toast
    them = visit(await organisation.person("member", ["sales-team"]))
    await them.get("/leads/new")
    assert them.answer.status_code == 403
    assert "keeps a field from you that each of them needs" in them.page.text
    await visitor.get(f"{path}/lead")
    await visitor.send(visitor.form(f"{path}/lead"), way__last_name="visible")
    assert "Can't add" not in visitor.toast
    await them.get("/leads/new")
    assert them.answer.status_code == 200


async def test_a_secret_is_opened_where_the_role_says_so(visitor: Visitor) -> None:
    path = await role(visitor)
    await visitor.send(visitor.form(path), read__listing="all")
    await visitor.get(f"{path}/listing")
    (box,) = [i for i in visitor.page.all("input") if i.get("name", "").startswith("open.")]
    await visitor.send(visitor.form(f"{path}/listing"), **{box["name"]: "true"})
    assert "Opens Lockbox code." in visitor.toast
    await visitor.get(f"{path}/listing")
    hidden = {box["name"].replace("open.", "way."): "hidden"}
    await visitor.send(visitor.form(f"{path}/listing"), **hidden)
    assert "Opens" not in visitor.toast, "what is hidden can't be opened"


async def test_a_role_begins_with_what_another_may(visitor: Visitor) -> None:
    path = await role(visitor, "Helper", "shipped:front_desk")
    await visitor.get(path)
    assert [f for f in visitor.form(path).fields() if f[0].startswith("read.") and f[1] == "all"]
    copy = await role(visitor, "Other helper", "own:helper")
    await visitor.get(copy)
    assert [f for f in visitor.form(copy).fields() if f[0].startswith("read.") and f[1] == "all"]


@pytest.mark.parametrize(
    ("name", "says"), [("", "required"), ("Überall", "must be"), ("admin", "may do everything")]
)
async def test_what_a_role_cannot_be_called_is_told(visitor: Visitor, name: str, says: str) -> None:
    await visitor.get(f"{ROLES}/new")
    await visitor.send(visitor.form(f"{ROLES}/new"), name=name, like="shipped:agent")
    assert visitor.answer.status_code == 400
    assert says in told(visitor, "name")
    assert ("like", "shipped:agent") in visitor.form(f"{ROLES}/new").fields()


async def test_a_scope_that_is_none_is_refused(visitor: Visitor) -> None:
    path = await role(visitor)
    await visitor.send(visitor.form(path), read__lead="everything")
    assert visitor.answer.status_code == 400
    assert "Choose how far each verb reaches" in visitor.page.text


async def test_a_role_is_deleted_once_nobody_has_it(
    visitor: Visitor, organisation: Organisation
) -> None:
    path = await role(visitor)
    await organisation.person("member", ["sales-team"])
    await visitor.send(visitor.form(f"{path}/delete"))
    assert "1 person still has the role" in visitor.toast
    other = await role(visitor, "unused")
    await visitor.send(visitor.form(f"{other}/delete"))
    assert visitor.toast == "The role Unused is deleted."
    await visitor.get(other)
    assert visitor.answer.status_code == 404


async def test_another_organisations_roles_are_not_there(
    visitor: Visitor, visit: Visit, make_organisation: MakeOrganisation
) -> None:
    theirs = visit(await (await make_organisation("Elsewhere")).person("owner"))
    path = await role(theirs, "theirs")
    await visitor.get(f"{ROLES}/new")
    csrf = dict(visitor.form(f"{ROLES}/new").fields())["csrf"]
    for address in (path, f"{path}/lead", f"{path}/nonsense"):
        await visitor.get(address)
        assert visitor.answer.status_code == 404, address
        await visitor.post(address, [("csrf", csrf), ("read.lead", "all")])
        assert visitor.answer.status_code == 404, address
    await visitor.post(f"{path}/delete", [("csrf", csrf)])
    assert visitor.answer.status_code == 404
    await visitor.get(f"{ROLES}/new")
    await visitor.send(visitor.form(f"{ROLES}/new"), name="mine", like="own:theirs")
    assert visitor.answer.status_code == 404


# -- explained


@pytest.fixture
async def robin(organisation: Organisation) -> Somebody:
    """Somebody of the front desk, who sees leads but not all of them."""
    return await organisation.person("member", ["agent"], team=organisation.other_team)


def reasons(visitor: Visitor) -> str:
    return visitor.page.one(class_="reasons").text


async def test_a_decision_is_explained_with_its_reasons(
    visitor: Visitor, robin: Somebody, lead: dict[str, Any]
) -> None:
    await visitor.get(EXPLAIN)
    form = visitor.form(EXPLAIN)
    await visitor.send(form, person=robin.email, type="lead", verb="read")
    assert visitor.page.one(class_="verdict").text == "Robin member may see some leads."
    assert "The role agent (of a pack) lets them read leads" in reasons(visitor)
    await visitor.send(visitor.form(EXPLAIN), record="Zoë Ünal", verb="update")
    verdict = visitor.page.one(class_="verdict").text
    assert verdict == "Robin member may not change the lead Zoë Ünal."
    assert "is not shared with them" in reasons(visitor)
    # The address of its page, and its id, mean the same.
    for record in (f"http://tenfold.test/leads/{lead['id']}", lead["id"]):
        await visitor.send(visitor.form(EXPLAIN), record=record)
        assert visitor.page.one(class_="verdict").text == verdict
    assert ("record", "Zoë Ünal") in visitor.form(EXPLAIN).fields()


async def test_one_field_is_explained(visitor: Visitor, organisation: Organisation) -> None:
    path = await role(visitor)
    await visitor.send(visitor.form(path), read__lead="all")
    await visitor.get(f"{path}/lead")
    await visitor.send(visitor.form(f"{path}/lead"), way__budget="hidden")
    them = await organisation.person("member", ["sales-team"])
    await visitor.get(EXPLAIN, params={"person": str(them.id), "type": "lead", "field": "budget"})
    assert visitor.page.one(class_="verdict").text == "Robin member may not see Budget of leads."
    assert "the role sales-team (of your own) hides it" in reasons(visitor)


async def test_administering_and_a_programs_key_are_explained(
    visitor: Visitor, robin: Somebody, client: httpx.AsyncClient, admin: Somebody
) -> None:
    api = Api(client)
    await visitor.get(EXPLAIN)
    await visitor.send(visitor.form(EXPLAIN), person=robin.email, verb="invite")
    assert visitor.page.one(class_="verdict").text == "Robin member may not invite people."
    assert "Only an owner or an admin may invite people" in reasons(visitor)
    account = await service(api, admin, "manager")
    key = await made(api, admin, "lead:read", user_id=account)
    await visitor.get(EXPLAIN, params={"person": account, "verb": "update", "type": "lead"})
    verdict = visitor.page.one(class_="verdict")
    assert verdict.text == "Nightly export may change some leads."
    await visitor.send(visitor.form(EXPLAIN), key=str(key.id))
    verdict = visitor.page.one(class_="verdict")
    assert verdict.text == "Nightly export may not change leads with this key."
    assert "they lack lead:write" in reasons(visitor)
    # Somebody else is chosen: the key is not theirs, and does not count.
    await visitor.send(visitor.form(EXPLAIN), person=robin.email)
    assert "with this key" not in visitor.page.one(class_="verdict").text


@pytest.mark.parametrize(
    ("name", "asked", "says"),
    [
        ("person", {"person": "nobody at all", "type": "lead"}, "There is none of this name"),
        ("type", {"person": "me", "type": ""}, "Choose a kind of record"),
        ("type", {"person": "me", "type": "unicorn"}, "is no kind of record"),
        ("verb", {"person": "me", "type": "lead", "verb": "eat"}, "must be one of"),
        ("record", {"person": "me", "type": "lead", "record": "Nobody"}, "none of this name"),
        ("record", {"person": "me", "type": "lead", "verb": "create", "record": "id"}, "leave it"),
        ("field", {"person": "me", "type": "lead", "verb": "reveal"}, "is required"),
    ],
)  # fmt: skip
async def test_what_cannot_be_explained_is_told_beside_its_field(
    visitor: Visitor, admin: Somebody, lead: dict[str, Any], name: str, asked: dict[str, str],
    says: str,
) -> None:  # fmt: skip
    words = {"me": admin.email, "id": lead["id"]}
    await visitor.get(EXPLAIN, params={k: words.get(v, v) for k, v in asked.items()})
    assert visitor.answer.status_code == 400
    assert says in told(visitor, name)


async def test_another_organisations_people_and_records_are_not_explained(
    visitor: Visitor, make_organisation: MakeOrganisation, make: Make, admin: Somebody,
    visit: Visit,
) -> None:  # fmt: skip
    stranger = await (await make_organisation("Elsewhere")).person("owner")
    await visitor.get(EXPLAIN, params={"person": str(stranger.id), "type": "lead"})
    assert visitor.answer.status_code == 400
    assert "There is none of this id" in told(visitor, "person")
    theirs, lead = visit(stranger), await make("leads", first_name="A", last_name="Secret")
    await theirs.get(
        EXPLAIN, params={"person": stranger.email, "type": "lead", "record": lead["id"]}
    )
    assert "There is none of this id" in told(theirs, "record")
    page = await theirs.get(f"{EXPLAIN}/records?type=lead&record=A")
    assert not page.all("option")
