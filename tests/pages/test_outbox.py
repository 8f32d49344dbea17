"""Letters that wait here: on the page of the machine itself, and on its command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.accounts.letters import work_off
from tests.conftest import Running, Serve
from tests.pages.newcomers import Newcomer, browser

from tenfold.cli.outbox import show_letters
from tenfold.db.keys import Keyring
from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings
from tenfold.mail import outbox

pytestmark = pytest.mark.anyio


def place(running: Running) -> str:
    """Where the page is, as its operator is told."""
    desk = running.desk
    told = outbox.address(desk.settings, desk.keyring)
    return told.removeprefix(desk.settings.address) or "/outbox"


async def test_letters_are_read_on_the_machine_itself(free: Running, ada: Newcomer) -> None:
    await ada.register()
    await ada.get("/forgot")
    await ada.send(ada.form("/forgot"), email=ada.email)
    assert "tenfold outbox" in ada.page.text
    assert "/outbox" not in ada.answer.text, "its address is told to nobody but the operator"
    await work_off(free)
    await ada.get(f"{place(free)}?to={ada.email}")
    assert [h.text for h in ada.page.all("h2")] == [
        "Set a new password",
        "Confirm your e-mail address",
    ]
    links = [a["href"] for a in ada.page.one("main").all("a")]
    assert [link.split("/")[1] for link in links] == ["outbox", "reset", "verify"]
    assert ada.answer.headers["cache-control"] == "no-store"
    await ada.get(f"{place(free)}?to=nobody@example.com")
    assert "Nothing here yet" in ada.page.text


@pytest.mark.parametrize("change", ["none", "cut", "last", "longer", "other", "wide", "nul"])
async def test_nobody_reads_them_without_the_secret(
    free: Running, ada: Newcomer, change: str
) -> None:
    secret = place(free).rpartition("/")[2]
    assert len(secret) == 24
    other = "A" if secret[-1] != "A" else "B"
    said = {
        "none": "",
        "cut": f"/{secret[:-1]}",
        "last": f"/{secret[:-1]}{other}",
        "longer": f"/{secret}A",
        "other": f"/{outbox._secret(bytes(32))}",
        "wide": "/%C3%A9",
        "nul": f"/{secret}%00",
    }
    assert (await ada.http.get(f"/outbox/{secret}")).status_code == 200
    answer = await ada.http.get(f"/outbox{said[change]}", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert ada.email not in answer.text


async def test_the_secret_goes_with_the_master_key(tmp_path: Path) -> None:
    now, before = "11" * 32, "22" * 32
    settings = Settings(home=str(tmp_path))
    one, both = Keyring.of(tmp_path, before), Keyring.of(tmp_path, f"{now},{before}")
    secret = outbox.address(settings, one).rpartition("/")[2]
    assert outbox.opens(one, secret)
    assert outbox.opens(both, secret)
    assert outbox.address(settings, both) != outbox.address(settings, one)
    assert not outbox.opens(Keyring.of(tmp_path, now), secret)


@pytest.mark.parametrize(
    "changes",
    [
        {"mail_url": "smtp://localhost:25"},
        {"public_url": "http://localhost:8000"},
        {"host": "0.0.0.0"},
        {"host": "192.168.1.5"},
    ],
    ids=str,
)
async def test_only_an_installation_of_this_machine_alone_shows_them(
    serve: Serve, settings: Settings, changes: dict[str, Any]
) -> None:
    other = msgspec.structs.replace(settings, sign_in_per_minute=0, **changes)
    async with serve(other) as running, browser(running) as http:
        person = Newcomer(http)
        secret = outbox._secret(running.desk.keyring.derive("outbox"))
        assert place(running) == "/outbox"
        await person.get(f"/outbox/{secret}")
        assert person.answer.status_code == 404
        await person.get("/forgot")
        await person.send(person.form("/forgot"), email=person.email)
        assert not [a for a in person.page.all("a") if a["href"].startswith("/outbox")]
        assert ("tenfold outbox" in person.page.text) == ("mail_url" not in changes)


@pytest.mark.parametrize(
    ("headers", "unknown"),
    [
        ({"host": "tenfold.test"}, False),
        ({"host": "evil.example:8000"}, True),
        ({"host": "localhost.evil.example"}, True),
        ({"host": "[::1"}, True),
        ({"x-forwarded-for": "203.0.113.9"}, False),
        ({"forwarded": "for=203.0.113.9"}, False),
        ({"x-real-ip": "203.0.113.9"}, False),
        ({"via": "1.1 proxy"}, False),
    ],
    ids=str,
)
async def test_neither_a_proxy_nor_another_name_gets_at_them(
    free: Running, ada: Newcomer, headers: dict[str, str], unknown: bool
) -> None:
    await ada.get(place(free))
    assert ada.answer.status_code == 200
    answer = await ada.http.get(place(free), headers=headers)
    assert answer.status_code == (400 if unknown else 404)
    assert "letter" not in answer.text.lower()


@pytest.mark.parametrize(
    ("address", "status"),
    [("127.0.0.1", 200), ("127.8.8.8", 200), ("::1", 200), ("192.168.1.9", 404), ("", 404)],
)
async def test_only_the_machine_itself_may_ask(free: Running, address: str, status: int) -> None:
    transport = httpx.ASGITransport(free.app, client=(address, 5))  # pyright: ignore[reportArgumentType]
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        assert (await http.get(place(free))).status_code == status


# -- on the command line


async def test_the_command_line_shows_the_newest_letters(
    free: Running, settings: Settings, ada: Newcomer
) -> None:
    await ada.register()
    await ada.get("/forgot")
    await ada.send(ada.form("/forgot"), email=ada.email)
    await work_off(free)
    said: list[str] = []
    assert await show_letters(settings, ada.email.upper(), 10, said.append) == 0
    assert said.pop() == f"As a page, on this machine: {settings.address}{place(free)}"
    assert [text.splitlines()[0].rpartition("  ")[2] for text in said] == [
        "Confirm your e-mail address",
        "Set a new password",
    ]
    assert "/reset/" in said[1]
    said.clear()
    await show_letters(settings, ada.email, 1, said.append)
    assert len(said) == 2
    assert "/reset/" in said[0]
    said.clear()
    await show_letters(settings, "nobody.at.all@example.com", 10, said.append)
    assert said[0] == "No letter to nobody.at.all@example.com was written."


@pytest.mark.parametrize(("to", "many"), [("", 0), ("", 10_000), ("ada", 1)])
async def test_the_command_line_refuses_what_it_cant_show(
    settings: Settings, to: str, many: int
) -> None:
    with pytest.raises(Invalid):
        await show_letters(settings, to, many, print)
