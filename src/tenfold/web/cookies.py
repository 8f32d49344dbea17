"""The cookies that browsers keep for us: their names, how long they last, and how they are set."""

from __future__ import annotations

from collections.abc import Mapping

from litestar.datastructures import Cookie

from tenfold.accounts.identity.entrance import Signed
from tenfold.kernel.settings import Settings
from tenfold.web import policy

YEAR = 31_536_000
PROVIDER_SECONDS = 600
"""How long somebody may be away at a provider, and who they are there is remembered."""


class Cookies:
    """The cookies of an installation; where it is reached by https, tied to its very host."""

    def __init__(self, settings: Settings) -> None:
        self.secure = policy.secure(settings)
        self._seconds = {
            "session": settings.access_token_seconds,
            "refreshToken": settings.refresh_token_days * 86_400,
            "device": YEAR,
            "browser": 3_600,  # as long as a mailed link is good, and longer
            "provider": PROVIDER_SECONDS,
            "offer": PROVIDER_SECONDS,
        }

    def name(self, name: str) -> str:
        """A cookie's whole name (RFC 6265bis, section 4.1.3.2)."""
        return f"__Host-{name}" if self.secure else name

    def read(self, given: Mapping[str, str], name: str) -> str:
        """The value of one of ours, or an empty text."""
        return given.get(self.name(name), "")

    def made(
        self, name: str, value: str, seconds: int | None = None, *, scripts: bool = False
    ) -> Cookie:
        """A cookie to set, which lasts as all of its name do; an empty value removes it."""
        lasts = self._seconds[name] if seconds is None else seconds
        return Cookie(
            key=self.name(name),
            value=value,
            max_age=lasts if value else 0,
            path="/",
            httponly=not scripts,
            secure=self.secure,
            samesite="lax",
        )

    def of_sign_in(self, signed: Signed) -> list[Cookie]:
        """What a browser keeps of a sign-in: the refresh token, and what knows a new browser."""
        device = [self.made("device", signed.device)] if signed.device else []
        return [self.made("refreshToken", signed.refresh), *device]


def header(one: Cookie) -> str:
    """A cookie as `Set-Cookie` says it."""
    only = "; HttpOnly" if one.httponly else ""
    secure = "; Secure" if one.secure else ""
    kept = f"{one.key}={one.value}; Path={one.path}; Max-Age={one.max_age}"
    return f"{kept}{only}; SameSite=Lax{secure}"
