"""Who one is at providers, on the page of one's security: linked, shown, unlinked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from tests.accounts.idp import CLIENT, SECRET, Idp, Person, own_provider, query
from tests.accounts.test_oidc import HTML, with_providers
from tests.conftest import Serve
from tests.pages.newcomers import PASSWORD, SITE, Newcomer, browser
from tests.pages.test_confirm_pages import Later

from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
SECURITY = "/settings/security"


@pytest.fixture
async def idp() -> AsyncIterator[Idp]:
    """A provider."""
    async with own_provider() as made:
        yield made


@pytest.fixture
async def ada(serve: Serve, settings: Settings, idp: Idp) -> AsyncIterator[Newcomer]:
    """Somebody new where one may sign in with it."""
    known = {"client_id": CLIENT, "client_secret": SECRET}
    listed = [{"key": "own", "label": "Own", "issuer": idp.issuer, **known}]
    async with serve(with_providers(settings, listed, 20.0)) as running, browser(running) as http:
        yield Newcomer(http)


async def come_back(ada: Newcomer, idp: Idp, href: str, person: Person) -> None:
    """Go to the provider by a link of ours, sign in there, and come back."""
    away = await ada.http.get(href, headers=HTML, follow_redirects=False)
    assert away.status_code == 303, away.text
    back = idp.agree(away.headers["location"], person)
    callback = query(away.headers["location"])["redirect_uri"].partition("/v1")[2]
    await ada.get(f"/v1{callback}?" + "&".join(f"{n}={v}" for n, v in back.items()))


def postponed(claims: dict[str, Any]) -> None:
    """The provider's clock goes as ours does."""
    claims["iat"] += 660
    claims["exp"] += 660


def link_of(ada: Newcomer) -> str:
    return ada.page.one("a", **{"aria-label": "Link Own"})["href"]


async def test_a_provider_is_linked_lets_in_and_is_unlinked(ada: Newcomer, idp: Idp) -> None:
    person = Person(email=ada.email)
    await ada.register()
    await ada.get(SECURITY)
    await come_back(ada, idp, link_of(ada), person)
    assert ada.path == SECURITY
    assert "Own is linked" in ada.toast
    assert person.email in ada.page.one("main").text
    await ada.sign_out()
    await come_back(ada, idp, ada.page.one("a", class_="full")["href"], person)
    assert ada.answer.status_code == 200
    await ada.get(SECURITY)
    (button,) = ada.page.all("button", name="identity")
    await ada.send(ada.form(f"{SECURITY}/identities/remove"), button=f"identity={button['value']}")
    assert "unlinked" in ada.toast
    assert ada.page.all("button", name="identity") == []


async def test_who_has_not_proved_it_lately_proves_it_first(
    ada: Newcomer, idp: Idp, later: Later
) -> None:
    await ada.register()
    later(timedelta(minutes=11))
    await ada.get(SECURITY)
    assert link_of(ada).startswith("/confirm?next=")
    await ada.get(link_of(ada))
    await ada.send(ada.form("/confirm/proof"), password=PASSWORD)
    assert ada.path == SECURITY
    idp.change_claims = postponed
    await come_back(ada, idp, link_of(ada), Person(email=ada.email))
    assert "Own is linked" in ada.toast


async def test_what_is_not_ones_own_is_not_unlinked(ada: Newcomer) -> None:
    await ada.register()
    await ada.get(SECURITY)
    csrf = ada.page.all("input", name="csrf")[0]["value"]
    for identity in ("", "x", "01a201e0-35da-7681-bff7-68042850ba95"):
        form = {"csrf": csrf, "identity": identity}
        answer = await ada.http.post(
            f"{SECURITY}/identities/remove", data=form, headers={"origin": SITE}
        )
        assert answer.status_code == 303
        await ada.get(SECURITY)
        assert "no" in ada.toast
