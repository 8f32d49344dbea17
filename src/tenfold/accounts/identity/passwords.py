"""Passwords: hashed with Argon2id (RFC 9106), never more at once than the machine can bear."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Container, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from tenfold.accounts.identity.breached import Breached
from tenfold.kernel.errors import Unavailable
from tenfold.kernel.language import grouped, plain, say

LEAST, MOST = 8, 200
_LOOKED_AT = 50  # zxcvbn's time rises with the square of the length
_SCORE = 2  # of 0 to 4: it takes more than a million guesses
_WAITING = 200
_COMMON = Breached()
OURS = (
    "tenfold",
    "crm",
    "admin",
    "administrator",
    "owner",
    "manager",
    "member",
    "login",
    "sign-in",
)
"""Words of the product, its roles and its pages, which are guessed like a person's own."""
_T = TypeVar("_T")


class Passwords:
    """Hashes and checks passwords in threads; a hash takes 19 MiB and about 25 ms."""

    def __init__(self, breached: str = "", at_once: int = 2) -> None:
        self._breached = Breached(breached)
        # The second of the choices that the OWASP password storage sheet calls equal.
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="password")
        self._waiting = 0

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def hash(self, password: str) -> str:
        """The password's hash, in its own text form that names its parameters."""
        return await self._run(lambda: self._hasher.hash(_normal(password)))

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the one that was hashed; as slow where there is no hash."""

        def check() -> bool:
            try:
                self._hasher.verify(stored or self._nobody, _normal(password))
            except (VerificationError, InvalidHashError):
                return False
            return stored is not None

        return await self._run(check)

    async def weakness(self, password: str, words: Sequence[str] = ()) -> str:
        """What `weakness` says; one that is full of signs for letters takes it a second."""
        return await self._run(lambda: weakness(password, words, self._breached))

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with parameters that are not today's."""
        return self._hasher.check_needs_rehash(stored)

    @cached_property
    def _nobody(self) -> str:
        """What the passwords of unknown accounts are compared with."""
        return self._hasher.hash("nobody")

    async def _run(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= _WAITING:
            raise Unavailable(say("Too many people sign in at this moment; try again shortly."))
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


def weakness(password: str, words: Sequence[str] = (), breached: Container[str] = _COMMON) -> str:
    """What is wrong with a new password and what to do; empty where it will do.

    `words` are the person's own (name, address, organisation), which others guess first.
    """
    if len(password) < LEAST:
        return say(
            "must have at least %(least)s characters; a few uncommon words make a good one",
            least=LEAST,
        )
    if len(password) > MOST:
        return say("must have at most %(most)s characters", most=grouped(MOST))
    if _normal(password) in breached:
        return say("was in a breach and is tried first by attackers; use several uncommon words")
    parts = [
        part for word in (*words, *OURS) for part in (word, *word.replace("@", " ").split()) if part
    ]
    found = zxcvbn(password[:_LOOKED_AT], user_inputs=parts)
    if found["score"] >= _SCORE:
        return ""
    why = str(found["feedback"]["warning"]).rstrip(".").lower()
    if why and plain():  # which zxcvbn says in English
        return f"is too easy to guess ({why}); use several uncommon words"
    return say("is too easy to guess; use several uncommon words")


def _normal(password: str) -> str:
    """One form for what keyboards spell in several ways (NIST SP 800-63B, section 5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
