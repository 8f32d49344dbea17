"""People and invitations as administrators see them: found, changed, let go and invited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.accounts.letters import written
from tests.accounts.test_sign_in import events
from tests.conftest import MakeOrganisation, Running
from tests.factories import Organisation, Owner, Somebody
from tests.jobs.tools import until, working
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.html import Element
from tests.pages.newcomers import PASSWORD, Newcomer, path_in

from tenfold.accounts.organisation import handing_over
from tenfold.kernel import clock
from tenfold.kernel.ids import new_id

pytestmark = pytest.mark.anyio
PEOPLE, INVITE, INVITATIONS = "/admin/people", "/admin/people/invite", "/admin/people/invitations"
_NAME = """UPDATE tenfold.users SET first_name = $2, last_name = $3 WHERE id = $1"""
_UNKNOWN = "UPDATE tenfold.members SET known_at = NULL WHERE user_id = $1"
_SURE = "UPDATE tenfold.sessions SET sure_at = now() WHERE user_id = $1"
_UNSURE = "UPDATE tenfold.sessions SET sure_at = now() - interval '1 hour' WHERE user_id = $1"
PLACES = (
    "/admin/types", "/admin/types/new", "/admin/types/lead", "/admin/types/lead/fields/new",
    "/admin/jobs", "/admin/health", "/admin/sessions", "/admin/organisation",
    "/admin/pipelines", "/admin/pipelines/lead", PEOPLE, INVITE, INVITATIONS, "/admin/teams",
    "/admin/roles", "/admin/roles/new",
    "/admin/roles-shipped/agent", "/admin/security", "/admin/security/events", "/admin/programs",
    "/admin/programs/new", "/admin/programs/keys/new", "/admin/explain",
)  # fmt: skip


@pytest.fixture
async def zoe(organisation: Organisation, owner: Owner) -> Somebody:
    """A member whom the organisation knows by name."""
    one = await organisation.person("member", ["agent"], team=organisation.team, name="zoe")
    await owner.execute(_NAME, one.id, "Zoë", "Nakamura")
    return one


# -- who may


@pytest.mark.parametrize("path", PLACES)
async def test_each_page_opens_for_an_administrator_alone(
    visitor: Visitor, visit: Visit, organisation: Organisation, anybody: Visitor, path: str
) -> None:
    await visitor.get(path)
    assert visitor.answer.status_code == 200, visitor.page.text
    assert len(visitor.page.all("h1")) == 1
    (nav,) = visitor.page.all("nav", aria_label="Administration")
    assert len(nav.all("a", aria_current="page")) == 1
    for role in ("manager", "member", "read-only"):
        theirs = visit(await organisation.person(role))
        await theirs.get(path)
        assert theirs.answer.status_code == 403
        assert "Only an owner or an admin" in theirs.page.text
    await anybody.get(path)
    assert anybody.path == "/login"


async def test_the_way_there_is_shown_to_administrators_alone(
    visitor: Visitor, visit: Visit, organisation: Organisation
) -> None:
    for somebody, shown in ((visitor, True), (visit(await organisation.person("manager")), False)):
        await somebody.get("/")
        assert bool(somebody.page.all("a", href="/admin")) is shown


def forms(somebody: Somebody) -> list[str]:
    """Where the forms of administration are sent."""
    person, some = f"{PEOPLE}/{somebody.id}", new_id()
    key = f"/admin/programs/keys/{some}"
    return [
        INVITE, f"{INVITATIONS}/{some}/resend", f"{INVITATIONS}/{some}/withdraw", person,
        f"{person}/deactivate", f"{person}/reactivate", f"{person}/own", f"{person}/hand-over",
        f"{person}/sessions/end", "/admin/teams", f"/admin/teams/{some}",
        f"/admin/teams/{some}/delete", "/admin/roles/new", "/admin/roles/x", "/admin/roles/x/lead",
        "/admin/roles/x/delete", "/admin/security", "/admin/security/data-keys",
        "/admin/programs/new", f"/admin/programs/{some}", f"/admin/programs/{some}/active",
        "/admin/programs/keys/new", f"{key}/rotate", f"{key}/revoke",
        "/admin/types/new", "/admin/types/x", "/admin/types/x/retire", "/admin/types/x/revive",
        "/admin/types/lead/fields/new", "/admin/types/lead/fields/preview",
        f"/admin/types/lead/fields/{some}", f"/admin/types/lead/fields/{some}/retire",
        f"/admin/types/lead/fields/{some}/revive", "/admin/pipelines/lead",
        "/admin/pipelines/lead/reset", f"/admin/sessions/{some}/end", "/admin/sessions/end-all",
        "/admin/organisation", f"/admin/jobs/{some}/retry", f"/admin/jobs/{some}/cancel",
        "/admin/tags/rename", "/admin/tags/remove",
    ]  # fmt: skip


GIVEN = [("name", "x"), ("label", "X"), ("label_plural", "Xs"), ("kind", "text"),
         ("email", "x@example.com"), ("role", "member"), ("scopes", "lead:read"),
         ("mfa", "all"), ("mfa_grace_days", "9"), ("expires_in_days", "9"),
         ("overlap_hours", "1"), ("to", "x")]  # fmt: skip


async def test_no_form_is_taken_without_its_token(visitor: Visitor, zoe: Somebody) -> None:
    for path in forms(zoe):
        await visitor.post(path, [*GIVEN, ("csrf", "AAAA" * 9)])
        assert visitor.answer.status_code == 403, path
        assert "too old, or came from another place" in visitor.page.text, path


@pytest.mark.parametrize("role", ["manager", "member", "read-only"])
async def test_no_form_is_taken_from_who_does_not_administer(
    visit: Visit, organisation: Organisation, zoe: Somebody, role: str
) -> None:
    theirs = visit(await organisation.person(role, name=role))
    await theirs.get("/settings/profile")
    csrf = dict(theirs.form("/settings/profile").fields())["csrf"]
    for path in forms(zoe):
        await theirs.post(path, [*GIVEN, ("csrf", csrf)])
        assert theirs.answer.status_code == 403, path
        assert "Only an owner or an admin" in theirs.page.text, path


async def test_every_form_of_administration_is_tried(app: Running, zoe: Somebody) -> None:
    routes = app.app.app.routes  # pyright: ignore[reportUnknownMemberType, reportAttributeAccessIssue, reportUnknownVariableType]
    posts = {r.path_format for r in routes if "POST" in r.methods and r.path.startswith("/admin")}  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    assert len(forms(zoe)) == len(posts)


async def test_another_organisations_people_are_not_there(
    visitor: Visitor, make_organisation: MakeOrganisation
) -> None:
    other = await make_organisation("Elsewhere")
    stranger = await other.person("member")
    await visitor.get("/admin/teams")
    csrf = dict(visitor.form("/admin/teams").fields())["csrf"]
    await visitor.get(f"{PEOPLE}/{stranger.id}")
    assert visitor.answer.status_code == 404
    for path in (f"{PEOPLE}/{stranger.id}", f"{PEOPLE}/{stranger.id}/deactivate",
                 f"{PEOPLE}/{stranger.id}/sessions/end", f"{PEOPLE}/{stranger.id}/own",
                 f"/admin/teams/{other.team}", f"/admin/teams/{other.team}/delete"):  # fmt: skip
        await visitor.post(path, [("csrf", csrf), ("role", "member"), ("name", "X")])
        assert visitor.answer.status_code == 404, path


async def test_from_outside_of_the_allowed_networks_nothing_opens(
    visitor: Visitor, organisation: Organisation, owner: Owner, admin: Somebody
) -> None:
    sql = "UPDATE tenfold.tenants SET admin_networks = '{203.0.113.0/24}' WHERE id = $1"
    await owner.execute(sql, organisation.id)
    await visitor.get(PEOPLE)
    assert visitor.answer.status_code == 403
    assert "administered from its own networks only" in visitor.page.text
    assert "address_refused" in await events(owner, str(admin.id))


async def test_who_owes_a_second_factor_is_shown_the_way(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    sql = "UPDATE tenfold.members SET mfa_from = now() - interval '90 days' WHERE tenant_id = $1"
    await owner.execute(sql, organisation.id)
    await visitor.get(PEOPLE)
    assert visitor.answer.status_code == 403
    assert "Administrators need a second factor" in visitor.page.text
    assert visitor.page.all("a", href="/settings/security")


# -- members


async def test_people_are_found_by_a_part_of_their_name_or_address(
    visitor: Visitor, zoe: Somebody
) -> None:
    for words in ("NAKAM", "zoë nak", zoe.email[:20]):
        await visitor.get(PEOPLE, params={"q": words})
        rows = visitor.page.one("tbody").all("tr")
        assert len(rows) == 1
        assert "Zoë Nakamura" in rows[0].text
        assert "Agent" in rows[0].text
        assert "One" in rows[0].text
    await visitor.get(f"{PEOPLE}?q=100%25")
    assert "Nobody is found" in visitor.page.text


async def test_a_name_that_the_organisation_does_not_know_finds_nobody(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    somebody = await organisation.person("member", name="unknown")
    await owner.execute(_NAME, somebody.id, "Quentin", "Hidden")
    await owner.execute(_UNKNOWN, somebody.id)
    await visitor.get(f"{PEOPLE}?q=quentin")
    assert not visitor.page.all("tbody")
    await visitor.get(f"{PEOPLE}?q={somebody.email}")
    assert "Quentin" not in visitor.page.text


async def test_the_list_goes_on_page_by_page(visitor: Visitor, organisation: Organisation) -> None:
    for number in range(51):
        await organisation.person("member", name=str(number))
    await visitor.get(PEOPLE)
    first = {row.one("th").text for row in visitor.page.one("tbody").all("tr")}
    await visitor.get(visitor.page.one("a", rel="next")["href"])
    second = {row.one("th").text for row in visitor.page.one("tbody").all("tr")}
    assert (len(first), len(second & first)) == (50, 0)
    assert second
    assert not visitor.page.all("a", rel="next")


async def test_a_place_is_changed(
    visitor: Visitor, zoe: Somebody, organisation: Organisation
) -> None:
    path = f"{PEOPLE}/{zoe.id}"
    await visitor.get(path)
    assert visitor.page.one("h1").text == "Zoë Nakamura"
    form = visitor.form(path)
    team = str(organisation.other_team)
    await visitor.send(form, role="manager", team_id=team, roles=["front_desk"])
    assert visitor.toast == "Zoë Nakamura is changed, from their next click on."
    fields = visitor.form(path).fields()
    assert ("role", "manager") in fields
    assert ("team_id", team) in fields
    assert [value for name, value in fields if name == "roles"] == ["front_desk"]


async def test_a_role_that_is_none_is_told_beside_it(visitor: Visitor, zoe: Somebody) -> None:
    path = f"{PEOPLE}/{zoe.id}"
    await visitor.get(path)
    await visitor.send(visitor.form(path), roles=["magician"], role="manager")
    assert visitor.answer.status_code == 400
    assert "there is no role 'magician'" in visitor.page.one(id="e-roles").text
    assert ("role", "manager") in visitor.form(path).fields(), "nothing typed is lost"


async def test_an_admin_is_made_by_who_has_just_proved_who_they_are(
    visitor: Visitor, zoe: Somebody, owner: Owner, admin: Somebody
) -> None:
    path = f"{PEOPLE}/{zoe.id}"
    await owner.execute(_UNSURE, admin.id)
    await visitor.get(path)
    form = visitor.form(path)
    await visitor.send(form, role="admin")
    assert visitor.page.one("h1").text == "Confirm that it is you"
    await owner.execute(_SURE, admin.id)
    await visitor.send(form, role="admin")
    assert ("role", "admin") in visitor.form(path).fields()


async def test_somebody_is_deactivated_and_taken_back(
    visitor: Visitor, visit: Visit, zoe: Somebody
) -> None:
    path, theirs = f"{PEOPLE}/{zoe.id}", visit(zoe)
    await theirs.get("/settings")
    assert theirs.answer.status_code == 200
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/deactivate"))
    assert "can't sign in here any more" in visitor.toast
    await theirs.get("/settings")
    assert theirs.path == "/login"
    await visitor.get(PEOPLE)
    assert "Nakamura" not in visitor.page.text.split("Invite somebody")[-1]
    await visitor.get(f"{PEOPLE}?which=former")
    assert "Zoë Nakamura" in visitor.page.one("tbody").text
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/reactivate"))
    assert "belongs here again" in visitor.toast


async def test_the_last_owner_stays(visitor: Visitor, admin: Somebody) -> None:
    path = f"{PEOPLE}/{admin.id}"
    await visitor.get(path)
    await visitor.send(visitor.form(path), role="member")
    assert visitor.answer.status_code == 409
    assert "would have no owner" in visitor.page.text


async def test_sessions_of_somebody_are_listed_and_ended(
    visitor: Visitor, visit: Visit, zoe: Somebody
) -> None:
    path, theirs = f"{PEOPLE}/{zoe.id}", visit(zoe)
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/sessions/end"))
    assert visitor.toast == "1 session has ended."
    assert "signed in nowhere" in visitor.page.text
    await theirs.get("/settings")
    assert theirs.path == "/login"


async def test_records_are_handed_over_to_whom_the_box_names(
    visitor: Visitor, zoe: Somebody, organisation: Organisation, make: Make, owner: Owner
) -> None:
    heir = await organisation.person("manager", name="heir")
    path = f"{PEOPLE}/{zoe.id}"
    lead = await make("leads", first_name="A", last_name="B", owner_id=str(zoe.id))
    await visitor.get(path)
    assert "They have 1 lead." in visitor.page.text
    await visitor.send(visitor.form(f"{path}/hand-over"), to="nobody at all")
    assert "There is none of this name" in visitor.page.one(id="e-to").text
    assert visitor.page.one(id="f-to")["value"] == "nobody at all"
    await visitor.send(visitor.form(f"{path}/hand-over"), to=zoe.email)
    assert "whose records they are" in visitor.page.one(id="e-to").text
    await visitor.send(visitor.form(f"{path}/hand-over"), to=heir.email)
    assert "on the way to" in visitor.toast
    (link,) = [a for a in visitor.page.all("a") if a.text == "Show"]
    await visitor.get(link["href"])
    assert visitor.page.one("h1").text == "Hand-over of leads"
    await visitor.get("/imports")
    assert visitor.page.all("a", href=link["href"])
    sql = "SELECT count(*) FROM tenfold.batches WHERE tenant_id = $1 AND kind = 'hand_over'"
    assert await owner.fetchval(sql, organisation.id) == 1
    assert lead["owner_id"] == str(zoe.id)


async def test_a_hand_over_is_shown_and_undone_on_its_page(
    visitor: Visitor, zoe: Somebody, organisation: Organisation, make: Make, app: Running
) -> None:
    heir = await organisation.person("manager", name="heir")
    lead = await make("leads", first_name="A", last_name="B", owner_id=str(zoe.id))
    path = f"{PEOPLE}/{zoe.id}"
    await visitor.get(path)
    await visitor.send(visitor.form(f"{path}/hand-over"), to=heir.email)
    batch = next(a["href"] for a in visitor.page.all("a") if a.text == "Show")

    async def ended() -> bool:
        return "1 handed over" in " ".join(_figures(await visitor.get(batch)))

    async with working(app.desk.database, *handing_over.handlers(app.desk.registry)):
        await until(ended)
    assert "Done" in visitor.page.text
    await visitor.get(f"/leads/{lead['id']}")
    assert "Robin manager" in visitor.page.text
    await visitor.get(batch)
    await visitor.send(visitor.form(f"{batch}/undo"))
    assert visitor.page.one("h1").text == "Undo of a hand-over"
    await visitor.get(f"/leads/{lead['id']}")
    assert "Nakamura" in visitor.page.text


def _figures(page: Element) -> list[str]:
    """What a batch's page counts: `1 handed over`."""
    return [
        f"{one.one('dd').text} {one.one('dt').text}" for d in page.all("dl") for one in d.all("div")
    ]


async def test_ownership_is_transferred_by_who_has_just_proved_who_they_are(
    visitor: Visitor, zoe: Somebody, owner: Owner, admin: Somebody
) -> None:
    path = f"{PEOPLE}/{zoe.id}"
    await owner.execute(_UNSURE, admin.id)
    await visitor.get(path)
    form = visitor.form(f"{path}/own")
    await visitor.send(form)
    assert visitor.page.one("h1").text == "Confirm that it is you"
    await owner.execute(_SURE, admin.id)
    await visitor.send(form)
    assert visitor.toast == "Zoë Nakamura owns the organisation now, and you are an admin."
    # An admin changes no owner, and transfers nothing.
    assert not [f for f in visitor.page.all("form") if f.get("action", "").startswith(path)]
    await visitor.send(form)
    assert "Only an owner may give the organisation" in visitor.toast


# -- invitations


async def test_somebody_is_invited_reminded_and_told_off(
    visitor: Visitor, app: Running, owner: Owner, organisation: Organisation
) -> None:
    email = f"{new_id().hex}@example.com"
    await visitor.get(INVITE)
    await visitor.send(visitor.form(INVITE), email="nonsense", role="manager")
    assert visitor.answer.status_code == 400
    assert visitor.page.one(id="e-email").text
    assert ("role", "manager") in visitor.form(INVITE).fields()
    team = str(organisation.team)
    await visitor.send(visitor.form(INVITE), email=email, team_id=team, roles=["agent"])
    assert visitor.toast.startswith(f"{email} is invited. No mail server is set up: ")
    assert (visitor.path, email in visitor.page.one("tbody").text) == (INVITATIONS, True)
    (first,) = await written(app, email)
    resend = next(f for f in visitor.page.all("form") if f.get("action", "").endswith("/resend"))
    await visitor.send(resend)
    second, _ = await written(app, email)
    assert join_path(first.letter.text) != join_path(second.letter.text)
    await visitor.get(join_path(first.letter.text))
    assert "This invitation is over" in visitor.page.text
    await visitor.get(INVITATIONS)
    end = next(f for f in visitor.page.all("form") if f.get("action", "").endswith("/withdraw"))
    await visitor.send(end)
    assert visitor.toast == f"The invitation of {email} is taken back."
    assert "No invitation waits" in visitor.page.text
    await visitor.get(join_path(second.letter.text))
    assert visitor.answer.status_code == 404
    await visitor.get(f"{INVITATIONS}?which=all")
    assert visitor.page.one("tbody").text.count("Taken back") == 2


async def test_a_member_is_not_invited_again(visitor: Visitor, zoe: Somebody) -> None:
    await visitor.get(INVITE)
    await visitor.send(visitor.form(INVITE), email=zoe.email)
    assert "is a member already" in visitor.page.one(id="e-email").text


async def test_another_organisations_invitation_is_not_there(
    visitor: Visitor, visit: Visit, make_organisation: MakeOrganisation
) -> None:
    theirs = visit(await (await make_organisation("Elsewhere")).person("owner"))
    await theirs.get(INVITE)
    await theirs.send(theirs.form(INVITE), email=f"{new_id().hex}@example.com")
    paths = [f["action"] for f in theirs.page.all("form") if INVITATIONS in f.get("action", "")]
    assert len(paths) == 2
    await visitor.get("/admin/teams")
    csrf = dict(visitor.form("/admin/teams").fields())["csrf"]
    for path in paths:
        await visitor.post(path, [("csrf", csrf)])
        assert visitor.answer.status_code == 404


# -- joining


def join_path(text: str) -> str:
    """The path of the link in an invitation's letter."""
    return path_in(text)


async def invited(visitor: Visitor, app: Running, email: str) -> str:
    """Invite somebody; answers the path of their link."""
    await visitor.get(INVITE)
    await visitor.send(visitor.form(INVITE), email=email, roles=["agent"])
    return join_path((await written(app, email))[0].letter.text)


async def test_who_has_no_account_joins_with_a_name_and_a_password(
    visitor: Visitor, app: Running, ada: Newcomer
) -> None:
    path = await invited(visitor, app, ada.email)
    await ada.get(path)
    assert ada.email in ada.page.text
    form = ada.form(path)
    await ada.send(form, firstName="Ada", lastName=" ", password="12345678")
    assert ada.answer.status_code == 400
    assert ada.mistake("lastName")
    await ada.send(form, firstName="Ada", lastName="Byron", password=ada.email)
    assert "too easy to guess" in ada.mistake("password")
    assert ada.page.one(id="f-password")["value"] == ""
    assert ada.page.one(id="f-lastName")["value"] == "Byron"
    await ada.send(form, firstName="Ada", lastName="Byron", password=PASSWORD)
    assert (ada.path, "Welcome to" in ada.toast) == ("/", True)
    await ada.get("/leads")
    assert ada.answer.status_code == 200
    await ada.get(path)
    assert "This invitation is over" in ada.page.text


async def test_who_has_an_account_signs_in_and_joins(
    visitor: Visitor, app: Running, ada: Newcomer, elsewhere: Newcomer
) -> None:
    await ada.register()
    path = await invited(visitor, app, ada.email)
    elsewhere.email = ada.email
    await elsewhere.get(path)
    assert "You have an account" in elsewhere.page.text
    link = next(a["href"] for a in elsewhere.page.all("a") if a.text == "Sign in")
    await elsewhere.get(link)
    assert elsewhere.page.one(id="f-email")["value"] == ada.email
    await elsewhere.send(elsewhere.form("/login"), password=PASSWORD)
    assert elsewhere.path == path
    await elsewhere.send(elsewhere.form(f"{path}/accept"))
    assert "You are in" in elsewhere.toast
    await elsewhere.get("/settings/organisations")
    assert len(elsewhere.page.one(class_="own").all("li")) == 2


async def test_who_is_signed_in_as_somebody_else_is_told(
    visitor: Visitor, app: Running, ada: Newcomer
) -> None:
    path = await invited(visitor, app, f"{new_id().hex}@example.com")
    await ada.register()
    await ada.get(path)
    assert f"signed in as {ada.email}" in ada.page.text
    csrf = dict(ada.form("/logout").fields())["csrf"]
    await ada.post(f"{path}/accept", [("csrf", csrf)])
    assert ada.answer.status_code == 403
    assert "sign in with that address" in ada.page.text


async def test_an_old_invitation_says_what_to_do(
    visitor: Visitor, app: Running, anybody: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await invited(visitor, app, f"{new_id().hex}@example.com")
    late = clock.now() + timedelta(days=8)
    monkeypatch.setattr(clock, "now", lambda: late)
    await anybody.get(path)
    assert anybody.answer.status_code == 404
    assert "ask whoever invited you to send it again" in anybody.page.text
