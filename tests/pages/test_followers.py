"""Who follows a record, and whom a text mentions."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from tests.factories import Organisation, Somebody
from tests.pages.conftest import Make, Visit, Visitor

from tenfold.engine.types import Locale, RichText

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(lead: dict[str, Any]) -> str:
    """The page of a lead."""
    return f"/leads/{lead['id']}"


def follow(visitor: Visitor) -> Any:
    """The form that follows the record, or no longer."""
    return visitor.page.one("div", class_="follow").one("form")


def following(visitor: Visitor) -> tuple[str, str]:
    """What its button says, and how many follow."""
    part = visitor.page.one("div", class_="follow")
    return part.one("button").text, part.one("summary").text


async def test_who_made_a_record_follows_it_and_may_stop(visitor: Visitor, path: str) -> None:
    await visitor.get(path)
    assert following(visitor) == ("Following", "1 follower")
    await visitor.send(follow(visitor), follows="false")
    assert visitor.toast == "You no longer follow this lead."
    assert following(visitor) == ("Follow", "0 followers")
    await visitor.send(follow(visitor), follows="true")
    assert following(visitor) == ("Following", "1 follower")


async def test_anybody_who_may_read_a_record_follows_it(
    visitor: Visitor, visit: Visit, organisation: Organisation, path: str,
    client: httpx.AsyncClient, admin: Somebody,
) -> None:  # fmt: skip
    reader = await organisation.person("read-only")
    guest = visit(reader)
    await guest.get(path)
    await guest.send(follow(guest), follows="true")
    assert following(guest) == ("Following", "2 followers")
    answer = await client.get(f"/v1{path}/followers", headers=admin.headers)
    told = {f["user_id"]: f["since"] for f in answer.json()["data"]}
    assert set(told) == {str(admin.id), str(reader.id)}
    assert told[str(admin.id)] is None, "who made it follows without asking"
    answer = await client.delete(f"/v1{path}/followers", headers=reader.headers)
    assert [f["user_id"] for f in answer.json()["data"]] == [str(admin.id)]
    answer = await client.post(f"/v1{path}/followers", headers=reader.headers)
    assert len(answer.json()["data"]) == 2


async def test_a_record_that_one_may_not_read_is_not_followed(
    organisation: Organisation, client: httpx.AsyncClient, lead: dict[str, Any]
) -> None:
    member = await organisation.person("member")
    answer = await client.post(f"/v1/leads/{lead['id']}/followers", headers=member.headers)
    assert answer.status_code in (403, 404)


async def test_people_are_offered_where_a_mention_counts(visitor: Visitor, path: str) -> None:
    offered: dict[str, bool] = {}
    for kind in ("notes", "activities", "tasks"):
        page = await visitor.get(f"{path}/compose/{kind}", headers={"hx-request": "true"})
        offered[kind] = page.one("form", class_="composing").has("data-mentionable")
    assert offered == {"notes": True, "activities": False, "tasks": False}


async def test_a_mention_in_a_note_is_kept_and_its_person_follows(
    visitor: Visitor, visit: Visit, organisation: Organisation, path: str, admin: Somebody,
    client: httpx.AsyncClient,
) -> None:  # fmt: skip
    manager = await organisation.person("manager")
    await visitor.get(f"{path}/mentionable?q=")
    options = visitor.page.all("li", role="option")
    chosen = next(o for o in options if o["data-id"] == str(manager.id))
    name = chosen["data-name"]
    await visitor.get(f"{path}/compose/notes")
    form = visitor.page.one("form", class_="composing")
    typed = f"Ask @{name} & me.\n\n<b>Soon</b>"
    await visitor.send(form, body=typed, mention=f"{manager.id}|{name}")
    assert visitor.toast == "Note added. Undo"
    answer = await client.get("/v1/notes", headers=admin.headers)
    (note,) = answer.json()["data"]
    mention = f'<span data-mention="{manager.id}">@{name}</span>'
    assert note["body"] == f"<p>Ask {mention} &amp; me.</p><p>&lt;b&gt;Soon&lt;/b&gt;</p>"
    rows = await organisation.owner.fetch(
        "SELECT record_id, by_id FROM tenfold.mentions WHERE user_id = $1", manager.id
    )
    assert [(str(r[0]), r[1]) for r in rows] == [(note["id"], admin.id)]
    guest = visit(manager)
    await guest.get(path)
    assert following(guest) == ("Following", "2 followers")


async def test_names_that_begin_alike_are_told_apart(
    visitor: Visitor, organisation: Organisation, path: str, client: httpx.AsyncClient,
    admin: Somebody,
) -> None:  # fmt: skip
    short, long = [await organisation.person("manager") for _ in range(2)]
    await visitor.get(f"{path}/compose/notes")
    form = visitor.page.one("form", class_="composing")
    pairs = [(n, v) for n, v in form.fields() if n != "body"]
    pairs += [("body", "@Ann Lee and @Ann, not @Anna")]
    pairs += [("mention", f"{short.id}|Ann"), ("mention", f"{long.id}|Ann Lee")]
    await visitor.post(form["action"], pairs)
    (note,) = (await client.get("/v1/notes", headers=admin.headers)).json()["data"]
    said = {name: f'<span data-mention="{one.id}">@{name}</span>'
            for name, one in (("Ann", short), ("Ann Lee", long))}  # fmt: skip
    assert note["body"] == f"<p>{said['Ann Lee']} and {said['Ann']}, not @Anna</p>"


async def test_who_stopped_following_is_not_made_to_again(
    visitor: Visitor, path: str, make: Make, admin: Somebody, lead: dict[str, Any]
) -> None:
    await visitor.get(path)
    await visitor.send(follow(visitor), follows="false")
    body = f'<p><span data-mention="{admin.id}">@Me</span></p>'
    await make("notes", body=body, about={"type": "lead", "id": lead["id"]})
    await visitor.get(path)
    assert following(visitor) == ("Follow", "0 followers")


async def test_nobody_outside_the_organisation_is_mentioned(
    make: Make, stranger: Organisation, organisation: Organisation
) -> None:
    one = await stranger.person("owner")
    await make("notes", body=f'<p><span data-mention="{one.id}">@X</span></p>')
    count = "SELECT count(*) FROM tenfold.mentions WHERE user_id = $1"
    assert await organisation.owner.fetchval(count, one.id) == 0


def test_a_mention_survives_the_cleaning_and_nothing_else_does() -> None:
    one = "01a203fc-2cfc-7711-8ede-02f396187b9c"
    kept = f'<span data-mention="{one}">@Zoë</span>'
    dirty = f'{kept}<span data-mention="x" onclick="y" data-z="1">n</span><script>1</script>'
    assert RichText().parse(dirty, Locale()) == (f"{kept}<span>n</span>",)
