"""People who register by the pages, and set up second factors as a browser would."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
import pyotp
from tests.authenticator import Authenticator
from tests.conftest import Running
from tests.pages.conftest import Visitor
from tests.pages.html import Element

from tenfold.kernel import clock

PASSWORD = "plum harbour lantern 42"
# Passkeys need a name: that of one's own machine.
SITE = "http://localhost:8000"


@dataclass(slots=True)
class App:
    """An authenticator app."""

    totp: pyotp.TOTP

    def code(self, steps: int = 0) -> str:
        """The code of now, or so many steps of 30 seconds away."""
        return self.totp.at(clock.now(), counter_offset=steps)


@dataclass
class Newcomer(Visitor):
    """A visitor with an address of their own."""

    http: httpx.AsyncClient
    email: str = field(default_factory=lambda: f"{secrets.token_hex(6)}@example.com")
    codes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.http)

    async def register(self, **changes: str) -> Element:
        """Register; signed in at once."""
        await self.get("/register")
        person = {"firstName": "Ada", "lastName": "Byron", "organization": "Looms & Co"}
        typed = {**person, "email": self.email, "password": PASSWORD, **changes}
        return await self.send(self.form("/register"), **typed)

    async def sign_in(self, password: str = PASSWORD, path: str = "/login") -> Element:
        """Type the password at the sign-in page."""
        await self.get(path)
        return await self.send(self.form("/login"), email=self.email, password=password)

    async def sign_out(self) -> None:
        """As the person's menu does it."""
        await self.get("/settings")
        await self.send(self.page.all("form", action="/logout")[0])
        assert self.path == "/login"

    async def add_app(self) -> App:
        """Set up an authenticator app."""
        await self.get("/settings/security")
        await self.send(self.form("/settings/security/app/begin"))
        app = App(pyotp.TOTP(self.page.one(id="key").text.replace(" ", "")))
        await self.send(self.form("/settings/security/app"), code=app.code(-1))
        assert self.answer.status_code == 200
        self.codes = [code.text for code in self.page.all("code")] or self.codes
        return app

    async def add_passkey(self, name: str = "Phone") -> Authenticator:
        """Add a passkey."""
        await self.get("/settings/security")
        form, key = self.form("/settings/security/passkeys"), Authenticator(SITE)
        asked = await self.ask(form, name=name)
        answer = msgspec.json.encode(key.create(asked["options"])).decode()
        await self.send(form, token=asked["token"], credential=answer, name=name)
        assert self.answer.status_code == 200
        self.codes = [code.text for code in self.page.all("code")] or self.codes
        return key

    async def show(self, form: Element, key: Authenticator) -> Element:
        """Answer a question to a passkey, as the page's script does it."""
        token = ""
        if form.has("data-options"):
            options = msgspec.json.decode(form["data-options"])
        else:
            asked = await self.ask(form)
            token, options = asked["token"], asked["options"]
        answer = msgspec.json.encode(key.get(options)).decode()
        return await self.send(form, token=token, credential=answer)

    async def ask(self, form: Element, **typed: str) -> dict[str, Any]:
        """What the page's script fetches before it asks a passkey."""
        values = {**dict(form.fields()), **typed}
        answer = await self.http.post(form["data-ask"], data=values)
        return answer.json()

    @property
    def notice(self) -> str:
        """What is told above a form."""
        return " ".join(e.text for e in self.page.all(class_="notice"))

    def mistake(self, name: str) -> str:
        """What is told beside a field."""
        (found,) = self.page.all(id=f"e-{name}")
        return "" if found.has("hidden") else found.text


def browser(running: Running, address: str = "127.0.0.1") -> httpx.AsyncClient:
    """The browser of somebody new, at a name that passkeys work for."""
    app: Any = running.app
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url=SITE)


def path_in(text: str) -> str:
    """The path of the link in a letter."""
    found = re.search(r"https?://[^/\s]+(/(?:sign-in|reset|verify|change-email|join)/\S+)", text)
    assert found is not None, text
    return found[1]
