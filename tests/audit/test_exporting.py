"""The audit log as a file: for administrators, without what records say, and verified anywhere."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.audit.conftest import Place
from tests.factories import Organisation

from tenfold.audit import verifying
from tenfold.audit.exporting import lines, verify_file
from tenfold.cli import audit as command
from tenfold.kernel.errors import BadRequest

pytestmark = pytest.mark.anyio


async def _file(place: Place, ours: Organisation) -> list[bytes]:
    admin = await ours.person("owner")
    answer = await place.client.get("/v1/audit-log", headers=admin.headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/octet-stream")
    assert "attachment" in answer.headers["content-disposition"]
    return answer.content.splitlines(keepends=True)


async def test_an_administrator_gets_it_without_what_records_say(
    place: Place, ours: Organisation
) -> None:
    rows = [json.loads(row) for row in await _file(place, ours)]
    assert rows[0]["kind"] == "audit"
    assert rows[0]["organization_id"] == str(ours.id)
    assert rows[-1]["kind"] == "end"
    entries = [row for row in rows if row["kind"] == "entry"]
    abouts = [json.loads(row["about"]) for row in entries]
    owner = await ours.person("owner")
    changed = [one for one in abouts if one.get("operation") == "update"]
    assert len(changed) == 3
    assert all("first_name" in one["fields"] for one in changed)
    assert {one["actor_id"] for one in changed} == {str(owner.id)}
    assert "Grace" not in json.dumps(rows)
    events = [row for row in entries if "event_type" in json.loads(row["about"])]
    assert events
    assert all("user_agent" in row["content"] for row in events)


async def test_nobody_else_gets_it(place: Place, ours: Organisation) -> None:
    for role in ("member", "manager", "readonly"):
        somebody = await ours.person(role)
        answer = await place.client.get("/v1/audit-log", headers=somebody.headers)
        assert answer.status_code == 403, role
        assert "kind" not in answer.text
    assert (await place.client.get("/v1/audit-log")).status_code == 401
    others = await place.organisation()
    told = b"".join(await _file(place, others)).decode()
    assert str(ours.id) not in told
    assert '"kind":"entry"' not in told
    admin = await ours.person("owner")
    answer = await place.client.get("/v1/audit-log?since=2026", headers=admin.headers)
    assert answer.status_code == 400


async def test_the_file_verifies_and_any_change_of_it_shows(
    place: Place, ours: Organisation
) -> None:
    rows = await _file(place, ours)
    found = verify_file(rows)
    assert (found.first.organization_id, found.faults, found.blank) == (ours.id, [], 0)
    assert found.entries == sum(b'"kind":"entry"' in row for row in rows)

    @given(st.data())
    def try_one(data: st.DataObject) -> None:
        place_of = data.draw(st.integers(1, len(rows) - 1))
        kind = data.draw(st.sampled_from(["take out", "twice", "letter"]))
        changed = list(rows)
        if kind == "take out":
            changed.pop(place_of)
        elif kind == "twice":
            changed.insert(place_of, changed[place_of])
        else:
            row = bytearray(changed[place_of])
            # A letter or figure inside; what JSON passes over anyway would change nothing.
            at = data.draw(
                st.sampled_from([n for n, c in enumerate(row) if chr(c).isalnum()]), "place"
            )
            row[at] = ord("0") if row[at] != ord("0") else ord("1")
            changed[place_of] = bytes(row)
        try:
            found = verify_file(changed).faults
        except BadRequest:
            return
        # A stamp is for the installation that has its key: a file can't tell.
        if not (kind == "letter" and _but_stamp(changed[place_of]) == _but_stamp(rows[place_of])):
            assert found

    try_one()


def _but_stamp(row: bytes) -> object:
    told = json.loads(row)
    told.pop("stamp", None)
    return told


async def test_many_seals_are_read_a_page_at_a_time(
    place: Place, ours: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [json.loads(row) for row in await _file(place, ours)]
    for most in ("SEALS", "ENTRIES"):
        with monkeypatch.context() as patch:
            patch.setattr(verifying, most, 1)
            paged = await _file(place, ours)
        assert verify_file(paged).faults == []
        assert [json.loads(row) for row in paged][1:] == whole[1:]


async def test_the_whole_log_with_its_contents_verifies_too(
    place: Place, ours: Organisation
) -> None:
    both = {"changes", "security_events"}
    database = place.desk.database
    rows = [row async for row in lines(lambda: database.read(ours.id), ours.id, both)]
    assert b"Grace" in b"".join(rows)
    assert verify_file(rows).faults == []
    lied = [row.replace(b"Grace 1", b"Grace 7") for row in rows]
    assert lied != rows
    assert "was altered after it was sealed" in "".join(verify_file(lied).faults)


async def test_a_file_can_not_be_blanked_when_it_has_grown_old(
    place: Place, ours: Organisation, later: Callable[[timedelta], None]
) -> None:
    rows = await _file(place, ours)
    later(timedelta(days=800))
    kept = ("kind", "seq", "digest")
    told = [json.loads(row) for row in rows]
    blanked = [
        {name: one[name] for name in kept} if one["kind"] == "entry" else one for one in told
    ]
    faults = verify_file([json.dumps(one).encode() for one in blanked]).faults
    assert len(faults) == sum(one["kind"] == "entry" for one in told)
    assert verify_file(rows).faults == []


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "end", "heads": {"one two": "three"}},
        {"kind": "end", "heads": {"00000000-0000-0000-0000-000000000000 changes": "x"}},
        {"kind": "entry", "seq": 1, "digest": "zz"},
        {"kind": "entry", "seq": 1, "digest": "00", "about": "{"},
        {"kind": "audit", "organization_id": "x"},
    ],
)
async def test_a_malformed_file_is_told_plainly(
    place: Place, ours: Organisation, change: dict[str, object]
) -> None:
    rows = await _file(place, ours)
    cut = [*rows[:2], json.dumps(change).encode()]
    with contextlib.suppress(BadRequest):
        assert verify_file(cut).faults


async def test_no_field_of_an_entry_can_be_changed(place: Place, ours: Organisation) -> None:
    both = {"changes", "security_events"}
    database = place.desk.database
    rows = [row async for row in lines(lambda: database.read(ours.id), ours.id, both)]
    told = [json.loads(row) for row in rows]
    place_of = next(n for n, one in enumerate(told) if one["kind"] == "entry")
    entry = told[place_of]
    first = entry["content"][:1].encode().hex()
    for change in (
        {"seq": entry["seq"] + 777},
        {"salt": entry["salt"] + first, "content": entry["content"][1:]},
        {"about": entry["about"].replace("insert", "delete")},
        {"content_digest": "00" * 32},
    ):
        changed = [json.dumps({**entry, **change}).encode()]
        assert verify_file([*rows[:place_of], *changed, *rows[place_of + 1 :]]).faults, change


async def test_the_command_tells_a_good_file_from_a_bad_one(
    place: Place, ours: Organisation, tmp_path: Path
) -> None:
    rows, said = await _file(place, ours), list[str]()
    file = tmp_path / "audit-log.ndjson"
    file.write_bytes(b"".join(rows))
    assert command.verify(file, said.append) == 0
    assert "entries of Sealed" in said[0]
    assert "as they were sealed" in said[0]
    file.write_bytes(b"".join(rows[:-2]))
    said.clear()
    assert command.verify(file, said.append) == 1
    assert "the file has no last line: its end is missing" in "".join(said)
    for content in (b"", b"id,name\n1,Ada\n", rows[1]):
        file.write_bytes(content)
        with pytest.raises(BadRequest, match="audit log"):
            command.verify(file, said.append)
