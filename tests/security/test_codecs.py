"""What we hand out and take back opens as it was, in no other spelling, and never breaks us.

Tokens, keys, cursors, sealed texts, forms: whatever is changed anywhere in them is refused.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.accounts.conftest import Browser, opened
from tests.conftest import Running

from tenfold.accounts.identity.api_keys import new_key, well_formed
from tenfold.accounts.identity.tokens import Claims, Tokens
from tenfold.db import keys
from tenfold.db.keys import Keyring, Unsealable
from tenfold.db.master import Masters
from tenfold.engine.cursor import Cursors
from tenfold.kernel.codec import spelled, unspelled
from tenfold.kernel.errors import BadRequest, Invalid, Unauthenticated
from tenfold.web.pages import confirm, session
from tenfold.web.pages.confirm import Meant

ONE, TWO = "11" * 32, "22" * 32
USER, TENANT, SESSION = uuid4(), uuid4(), uuid4()
CLAIMS = Claims(USER, TENANT, SESSION, float("inf"))
KEYRING = Keyring(Masters(lambda: f"{ONE},{TWO}"))
DESK: Any = SimpleNamespace(keyring=KEYRING)
TOKENS = Tokens(KEYRING.derived("access tokens"), 900, "https://crm.example.com")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=100)
# Letters of base64url and its cousins first: those are what a decoder may pass over.
LETTERS = st.one_of(st.sampled_from("Aa0-_=+/. ~!\n\0é"), st.characters(exclude_categories=["Cs"]))
BYTES = st.integers(0, 255)


@dataclass(frozen=True)
class Edit:
    """A change somewhere in something: a letter in place of another, more, or less."""

    way: str
    at: int
    letter: Any

    def of(self, whole: Any) -> Any:
        """What becomes of it."""
        at = self.at % len(whole)
        match self.way:
            case "replace":
                return whole[:at] + self.letter + whole[at + 1 :]
            case "insert":
                return whole[:at] + self.letter + whole[at:]
            case "append":
                return whole + self.letter
            case "remove":
                return whole[:at] + whole[at + 1 :]
            case "cut":
                return whole[:at]
            case _:
                return whole[at:] + whole[:at]


WAY_NAMES = ("replace", "insert", "append", "remove", "cut", "turn")
WAYS = st.sampled_from(WAY_NAMES)
EDITS = st.builds(Edit, WAYS, st.integers(0, 10_000), LETTERS)
BYTE_EDITS = st.builds(Edit, WAYS, st.integers(0, 10_000), BYTES.map(lambda one: bytes([one])))
often = settings(max_examples=150, deadline=None, derandomize=True, database=None)


# -- letters


@given(st.binary(max_size=80))
@often
def test_bytes_come_back_from_their_letters(raw: bytes) -> None:
    assert unspelled(spelled(raw)) == raw
    assert not set(spelled(raw)) & set("=+/")


@given(st.one_of(TEXTS, st.text("ABab01-_=+/.\n", max_size=20)))
@often
def test_bytes_have_one_spelling(text: str) -> None:
    try:
        raw = unspelled(text)
    except ValueError:
        return
    assert spelled(raw) == text


# -- what is signed or sealed


@given(EDITS)
@often
def test_a_changed_access_token_is_refused(edit: Edit) -> None:
    token = TOKENS.sign(USER, TENANT, SESSION)
    assert TOKENS.verify(token).session == SESSION
    changed = edit.of(token)
    if changed != token:
        with pytest.raises(Unauthenticated):
            TOKENS.verify(changed)


@given(TEXTS)
@often
def test_no_text_is_an_access_token(text: str) -> None:
    with pytest.raises(Unauthenticated):
        TOKENS.verify(text)


@given(EDITS)
@often
def test_a_changed_api_key_is_not_looked_up(edit: Edit) -> None:
    key, _ = new_key()
    assert well_formed(key)
    changed = edit.of(key)
    assert well_formed(changed) == (changed == key)


@given(st.lists(st.uuids(), min_size=1, max_size=3), EDITS)
@often
def test_a_changed_cursor_is_refused(values: list[UUID], edit: Edit) -> None:
    cursors, kinds = Cursors(KEYRING.derived("cursor")), [UUID for _ in values]
    cursor = cursors.seal("leads", values)
    assert cursors.open("leads", cursor, kinds) == values
    changed = edit.of(cursor)
    if changed != cursor:
        with pytest.raises(Invalid):
            cursors.open("leads", changed, kinds)


@given(TEXTS, EDITS)
@often
def test_a_changed_sealed_text_is_nothing(text: str, edit: Edit) -> None:
    sealed = KEYRING.sealed_text(text, "begun")
    assert KEYRING.opened_text(sealed, "begun") == text
    changed = edit.of(sealed)
    if changed != sealed:
        assert KEYRING.opened_text(changed, "begun") == ""


@given(st.binary(max_size=60), BYTE_EDITS)
@often
def test_changed_sealed_bytes_do_not_open(plain: bytes, edit: Edit) -> None:
    sealed = KEYRING.seal(plain, "letter")
    assert KEYRING.unseal(sealed, "letter") == plain
    changed = edit.of(sealed)
    if changed != sealed:
        with pytest.raises(Unsealable):
            KEYRING.unseal(changed, "letter")


@given(TEXTS, BYTE_EDITS)
@often
def test_a_changed_secret_field_does_not_open(text: str, edit: Edit) -> None:
    stored = {n: (bytes([n]), False) for n in (1, 2)}
    data = keys.DataKeys(TENANT, stored, lambda number, _: bytes([number]) * 32)
    sealed = data.seal(text, "listings", "lockbox_code", SESSION)
    changed = edit.of(sealed)
    if changed != sealed:
        with pytest.raises(Unsealable):
            data.unseal(changed, "listings", "lockbox_code", SESSION)


# -- what pages hand out


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=3), EDITS)
@often
def test_a_changed_form_that_waits_is_refused(pairs: list[tuple[str, str]], edit: Edit) -> None:
    sealed = confirm.seal(DESK, CLAIMS, Meant("/admin/people/invite", pairs))
    found = confirm.unseal(DESK, CLAIMS, sealed)
    assert found is not None
    assert found.pairs == pairs
    changed = edit.of(sealed)
    if changed and changed != sealed:
        with pytest.raises(BadRequest):
            confirm.unseal(DESK, CLAIMS, changed)


@given(EDITS)
@often
def test_a_changed_token_of_a_form_is_refused(edit: Edit) -> None:
    token = session.form_token(DESK, CLAIMS)
    assert session._matches(DESK, CLAIMS, token)
    changed = edit.of(token)
    assert session._matches(DESK, CLAIMS, changed) == (changed == token)


# -- refresh tokens, as the API takes them


_IN_COOKIES = "".join(chr(n) for n in range(33, 127) if chr(n) not in '",;\\')


@pytest.mark.anyio
async def test_a_changed_refresh_token_renews_nothing(free: Running) -> None:
    dice = random.Random(0)  # an async test draws nothing of Hypothesis' own
    async with opened(free) as browser:
        await browser.register()
        token = browser.refresh_token
        browser.http.cookies.clear()
        for _ in range(60):
            edit = Edit(dice.choice(WAY_NAMES), dice.randrange(100), dice.choice(_IN_COOKIES))
            changed = edit.of(token)
            if changed != token:
                answer = await _renewed(browser, changed)
                assert answer.status_code == 401, (changed, answer.text)
        answer = await _renewed(browser, token)
        assert answer.status_code == 200, "the right one is as good as before"


async def _renewed(browser: Browser, token: str) -> Any:
    return await browser.post("refresh", headers={"cookie": f"refreshToken={token}"})
