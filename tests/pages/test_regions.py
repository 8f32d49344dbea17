"""A person's own region in forms and refusals, labels within sentences, and letters that wait."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import httpx
import msgspec
import pytest
from tests.conftest import Serve
from tests.factories import Organisation, Owner, Somebody
from tests.guards import Counter
from tests.pages.conftest import Visitor

from tenfold.engine.types import Decimal as DecimalType
from tenfold.engine.types import Integer, Locale, Refused
from tenfold.kernel.ids import new_id
from tenfold.kernel.language import hush, limit, say, speak, within
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
GERMAN = {"language": "de", "region": "DE"}
EVENTS = "/admin/security/events"


@pytest.fixture
async def german(client: httpx.AsyncClient, admin: Somebody) -> None:
    """The person has chosen German and Germany; their organisation is in the US."""
    answer = await client.patch("/v1/auth/me", json=GERMAN, headers=admin.headers)
    assert answer.status_code == 200, answer.text


@pytest.fixture
def plain() -> Any:
    """What a test spoke is forgotten after it."""
    yield
    hush()


@pytest.mark.parametrize(
    ("region", "typed", "kept"),
    [
        ("DE", "030 901820", "+4930901820"),
        ("DE", "+1 415 555 0132", "+14155550132"),
        (None, "(415) 555-0132", "+14155550132"),
    ],
)
async def test_a_telephone_without_a_country_is_read_in_the_persons_region(
    visitor: Visitor,
    client: httpx.AsyncClient,
    admin: Somebody,
    region: str | None,
    typed: str,
    kept: str,
) -> None:
    await client.patch("/v1/auth/me", json={"region": region}, headers=admin.headers)
    await visitor.get("/leads/new")
    await visitor.send(visitor.form("/leads/new"), first_name="Ada", last_name="Byron", phone=typed)
    identity = visitor.path.rpartition("/")[2]
    lead = (await client.get(f"/v1/leads/{identity}", headers=admin.headers)).json()["data"]
    assert lead["phone"] == kept
    assert any(a["href"] == f"tel:{kept}" for a in visitor.page.all("a"))
    if region:  # shown as it was typed at home
        assert (typed in visitor.page.text) == (kept[:3] == "+49")


async def test_a_refusal_shows_numbers_as_the_person_types_them(
    visitor: Visitor, german: None
) -> None:
    await visitor.get("/leads/new")
    page = await visitor.send(visitor.form("/leads/new"), last_name="Byron", budget="viel")
    assert page.one(id="e-budget").text == "Das muss eine Zahl sein, etwa 1234,50"
    await visitor.get("/leads?field=budget")
    boxes = [i.get("placeholder") for i in visitor.page.all("input")]
    assert "100,000" not in boxes


@pytest.mark.parametrize(
    ("spoken", "said"),
    [
        ((), ("20000", "0.5", "1800", "-250000")),
        (("de", "DE"), ("20.000", "0,5", "1800", "-250.000")),
        (("en", "US"), ("20,000", "0.5", "1800", "-250,000")),
        (("es", "MX"), ("20,000", "0.5", "1800", "-250,000")),
        (("en", "IN"), ("20,000", "0.5", "1800", "-2,50,000")),
    ],
)
def test_limits_are_written_as_the_region_does(
    plain: None, spoken: tuple[str, ...], said: tuple[str, ...]
) -> None:
    if spoken:
        speak(*spoken)
    assert tuple(limit(n) for n in (20_000, Decimal("0.5"), 1_800, -250_000)) == said


def test_a_field_refuses_in_the_readers_region(plain: None) -> None:
    speak("de", "DE")
    with pytest.raises(Refused, match=r"20\.000"):
        Integer(most=20_000).parse(20_001, Locale())
    with pytest.raises(Refused, match="0,5"):
        DecimalType(most=Decimal("0.5")).parse(1, Locale())


@pytest.mark.parametrize(
    ("label", "inside"),
    [
        ("Lead", "lead"),
        ("GPA", "GPA"),
        ("SMS consent", "SMS consent"),
        ("LinkedIn address", "LinkedIn address"),
        ("Next Step", "next step"),
        ("FHA 203(b)", "FHA 203(b)"),
        ("", ""),
    ],
)
def test_a_label_keeps_the_capitals_of_a_name(label: str, inside: str) -> None:
    assert within(label) == inside


def test_what_ends_with_a_dot_needs_no_other(plain: None) -> None:
    speak("de", "DE")
    said = say("%(n)s entries are sealed, the last %(when)s.", n=3, when="5. Nov.")
    assert said.endswith("5. Nov.")
    assert not said.endswith("..")


# -- security events


async def test_an_event_tells_of_fields_and_roles_by_their_labels(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody, queries: Counter
) -> None:
    field = {"type": "student", "name": "gpa_goal", "kind": "decimal", "label": "GPA goal"}
    answer = await client.post("/v1/custom-fields", json=field, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    await visitor.get("/admin/pipelines/lead")
    form = visitor.form("/admin/pipelines/lead")
    await visitor.send(form, label__hot="Burning", days__hot="20")
    await visitor.get(EVENTS)
    queries.clear()
    page = await visitor.get(EVENTS)
    assert len(queries) <= 5
    told = page.one("tbody").text
    assert "What was done: field added; Record type: Student; Field: GPA goal" in told
    assert "Hot: as it ships → Burning, stuck after 20 days" in told
    assert "gpa_goal" not in told


async def test_an_event_tells_of_a_role_that_changed(
    visitor: Visitor, organisation: Organisation
) -> None:
    colleague = await organisation.person("member", name="changed")
    place = f"/admin/people/{colleague.id}"
    await visitor.get(place)
    await visitor.send(visitor.form(place), role="read-only", roles=["team_lead"])
    told = (await visitor.get(EVENTS)).one("tbody").text
    assert "Role: Member → Read-only; Roles: none → Team lead" in told


async def test_a_change_of_a_label_with_capitals_is_told_with_them(
    visitor: Visitor, client: httpx.AsyncClient, admin: Somebody
) -> None:
    made = await client.post(
        "/v1/students", json={"first_name": "Ada", "last_name": "Byron"}, headers=admin.headers
    )
    student = made.json()["data"]["id"]
    headers = admin.headers | {"if-match": made.headers["etag"]}
    answer = await client.patch(f"/v1/students/{student}", json={"gpa": 3.5}, headers=headers)
    assert answer.status_code == 200, answer.text
    page = await visitor.get(f"/students/{student}")
    assert "GPA" in page.text
    assert "gpa" not in page.text


# -- letters


@pytest.fixture
async def posting(serve: Serve, settings: Settings, admin: Somebody) -> AsyncIterator[Visitor]:
    """The owner at an installation with a mail server."""
    other = msgspec.structs.replace(settings, mail_url="smtp://localhost:25")
    async with serve(other) as running:
        transport = httpx.ASGITransport(running.app)  # pyright: ignore[reportArgumentType]
        async with httpx.AsyncClient(transport=transport, base_url="http://tenfold.test") as http:
            http.cookies.set("session", admin.token, domain="tenfold.test")
            yield Visitor(http)


async def invited(visitor: Visitor, email: str) -> list[str]:
    """What is said to who invites somebody, and sends the letter again."""
    await visitor.get("/admin/people/invite")
    await visitor.send(visitor.form("/admin/people/invite"), email=email, role="member")
    said = [visitor.toast]
    forms = visitor.page.all("form")
    await visitor.send(next(f for f in forms if f.get("action").endswith("/resend")))
    return [*said, visitor.toast]


WAITS = "No mail server is set up: the letter waits in the outbox (“tenfold outbox” on the host)."


async def test_a_letter_that_waits_is_said_to_wait(visitor: Visitor) -> None:
    email = f"{new_id().hex}@example.com"
    assert await invited(visitor, email) == [
        f"{email} is invited. {WAITS}",
        f"The link before is void. {WAITS}",
    ]


async def test_a_letter_for_a_server_is_on_its_way(posting: Visitor) -> None:
    email = f"{new_id().hex}@example.com"
    assert await invited(posting, email) == [
        f"The letter to {email} is on its way.",
        f"Another letter to {email} is on its way; the link before is void.",
    ]


@pytest.mark.parametrize("posts", [True, False])
async def test_a_letter_to_oneself_says_so_too(
    visitor: Visitor, posting: Visitor, owner: Owner, admin: Somebody, *, posts: bool
) -> None:
    sql = "UPDATE tenfold.users SET email_verified_at = NULL WHERE id = $1"
    await owner.execute(sql, admin.id)
    who = posting if posts else visitor
    await who.get("/settings/profile")
    await who.send(who.form("/settings/profile/verify"))
    assert who.toast == ("A new letter is on its way." if posts else WAITS)
