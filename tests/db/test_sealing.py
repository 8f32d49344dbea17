"""What is sealed opens in its place with its key and nowhere else, whatever was done to it."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenfold.db import keys, master
from tenfold.db.keys import Erased, KeyLost, Keyring, Unsealable
from tenfold.db.master import Masters
from tenfold.kernel.settings import SettingError
from tenfold.kernel.text import essence

TENANT, ROW = UUID(int=1), UUID(int=2)
ONE, TWO = "11" * 32, "22" * 32
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


def keyring(*masters: str) -> Keyring:
    return Keyring(Masters(lambda: ",".join(masters or (ONE,))))


def data_keys(*numbers: int, tenant: UUID = TENANT, erased: int = 0) -> keys.DataKeys:
    """A tenant's keys, the key of number 1 that of all ones."""
    stored = {n: (b"" if n == erased else bytes([n]), n == erased) for n in numbers}
    return keys.DataKeys(tenant, stored, lambda number, _: bytes([number]) * 32)


# -- round trips


@given(TEXTS, TEXTS, st.uuids())
@settings(max_examples=200, deadline=None)
def test_what_is_sealed_opens_in_its_place(text: str, column: str, row: UUID) -> None:
    sealed = data_keys(1).seal(text, "listings", column, row)
    assert data_keys(1, 2).unseal(sealed, "listings", column, row) == text
    assert len(text) < 8 or text.encode() not in sealed


@given(TEXTS, TEXTS)
@settings(max_examples=200, deadline=None)
def test_what_a_secret_is_found_by_is_the_same_for_the_same_alone(one: str, other: str) -> None:
    found = [data_keys(1).index(essence(text), "t", "c") for text in (one, other)]
    assert (found[0] == found[1]) is (essence(one) == essence(other))
    assert len(found[0]) == keys.INDEX_BYTES
    assert essence(essence(one)) == essence(one)


@given(st.binary(max_size=300), st.text(max_size=50), st.booleans())
@settings(max_examples=200, deadline=None)
def test_the_master_key_opens_what_it_sealed(plain: bytes, purpose: str, turned: bool) -> None:
    sealed = keyring(ONE).seal(plain, purpose)
    assert keyring(*([TWO] if turned else []), ONE).unseal(sealed, purpose) == plain
    for other in (keyring(TWO), keyring(ONE)):
        with pytest.raises(Unsealable):
            other.unseal(sealed, purpose + "x")
    with pytest.raises(Unsealable, match="master key that is not known"):
        keyring(TWO).unseal(sealed, purpose)


# -- attacks


HEAD = {"version": 0, "number": 4, "nonce": 10, "text": 20, "tag": -1}


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("region", HEAD)
def test_a_flipped_bit_is_told(region: str, bit: int) -> None:
    sealed = bytearray(data_keys(1).seal("4711 0815", "listings", "lockbox_code", ROW))
    sealed[HEAD[region]] ^= 1 << bit
    with pytest.raises(Unsealable, match="does not open"):
        data_keys(1, 2, 3).unseal(bytes(sealed), "listings", "lockbox_code", ROW)


@given(st.binary(max_size=120))
@settings(max_examples=300, deadline=None)
def test_garbage_is_told(garbage: bytes) -> None:
    with pytest.raises(Unsealable):
        data_keys(1).unseal(garbage, "listings", "lockbox_code", ROW)


@pytest.mark.parametrize(
    "where",
    [
        (uuid4(), "listings", "lockbox_code", ROW),
        (TENANT, "leads", "lockbox_code", ROW),
        (TENANT, "listings", "other", ROW),
        (TENANT, "listings", "lockbox_code", uuid4()),
    ],
    ids=["tenant", "table", "column", "row"],
)
def test_a_secret_opens_in_no_other_place(where: tuple[UUID, str, str, UUID]) -> None:
    """Under the very same key: it is the place that it is bound to."""
    sealed = data_keys(1).seal("4711", "listings", "lockbox_code", ROW)
    tenant, table, column, row = where
    with pytest.raises(Unsealable, match="another place"):
        data_keys(1, tenant=tenant).unseal(sealed, table, column, row)


def test_a_key_that_was_rolled_back_or_erased_is_told() -> None:
    sealed = data_keys(1, 2).seal("4711", "listings", "lockbox_code", ROW)
    where = ("listings", "lockbox_code", ROW)
    with pytest.raises(Unsealable, match="no key 2"):
        data_keys(1).unseal(sealed, *where)
    with pytest.raises(Erased):
        data_keys(1, 2, erased=2).unseal(sealed, *where)


def test_a_tenants_key_that_does_not_open_is_told() -> None:
    """A key that was exchanged for another tenant's, as if the master key were lost."""
    ours, theirs = keyring(), uuid4()
    wrapped = ours.seal(b"k" * 32, keys.DATA_KEY.format(theirs, 1))
    found = keys.DataKeys(TENANT, {1: (wrapped, False)}, lambda n, w: ours._open(TENANT, n, w))
    with pytest.raises(KeyLost):
        found.seal("4711", "listings", "lockbox_code", ROW)


def test_what_secrets_are_found_by_differs_by_tenant_table_column_and_key() -> None:
    found = {
        data_keys(1).index("4711", "listings", "a"),
        data_keys(1).index("4711", "listings", "b"),
        data_keys(1).index("4711", "leads", "a"),
        data_keys(1, 2).index("4711", "listings", "a"),
        data_keys(1, tenant=uuid4()).index("4711", "listings", "a"),
    }
    assert len(found) == 5
    assert data_keys(1, 2).indexes("4711", "listings", "a") == [
        data_keys(1, 2).index("4711", "listings", "a"),
        data_keys(1).index("4711", "listings", "a"),
    ]


def test_what_was_sealed_before_there_were_numbers_opens() -> None:
    old = keys.seal(master.derived(bytes.fromhex(ONE), "seal"), 0, b"plain", b"for this")
    assert keyring(TWO, ONE).unseal(old, "for this") == b"plain"
    with pytest.raises(Unsealable):
        keyring(TWO).unseal(old, "for this")


# -- the master keys


def test_master_keys_are_read_from_the_home_and_anew_when_they_change(tmp_path: Path) -> None:
    first, second = Keyring.of(tmp_path), Keyring.of(tmp_path)
    sealed = first.seal(b"x", "p")
    assert second.unseal(sealed, "p") == b"x"
    assert master.file_of(tmp_path).stat().st_mode & 0o77 == 0
    (old,) = master.texts(tmp_path)
    master.write(tmp_path, (TWO, old))
    assert second.unseal(first.seal(b"y", "p"), "p") == b"y"
    assert first.numbers == second.numbers == keyring(TWO, old).numbers
    assert first.unseal(sealed, "p") == b"x"
    assert [*first.derived("cursor")()] == [keyring(k).derive("cursor") for k in (TWO, old)]
    master.write(tmp_path, (TWO,))
    with pytest.raises(Unsealable):
        first.unseal(sealed, "p")


@pytest.mark.parametrize("text", ["", "half of a", ONE[:-2], f"{ONE},{ONE}", "zz" * 32])
def test_master_keys_that_are_none_are_not_taken(tmp_path: Path, text: str) -> None:
    """At the start it is said, without a word of them; later the last good ones stay."""
    if text:
        with pytest.raises(SettingError) as refused:
            Keyring.of(tmp_path, text)
        assert text not in str(refused.value)
    running = Keyring.of(tmp_path)
    sealed = running.seal(b"x", "p")
    master.file_of(tmp_path).write_text(text)
    assert running.unseal(sealed, "p") == b"x"
    master.file_of(tmp_path).unlink()
    assert running.unseal(sealed, "p") == b"x"


def test_master_keys_may_come_from_what_tells_them(tmp_path: Path) -> None:
    told = [ONE]
    running = Keyring.of(tmp_path, lambda: told[0])
    sealed = running.seal(b"x", "p")
    told[0] = f"{TWO},{ONE}"
    assert running.unseal(sealed, "p") == b"x"
    assert len(running.numbers) == 2
    assert not master.file_of(tmp_path).exists()
