"""A form's files: how many there may be, and how much of them is held in memory."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from litestar.datastructures import UploadFile
from tests.exchange.imports import Person
from tests.factories import Organisation

from tenfold.web import parts

pytestmark = pytest.mark.anyio
ROW = "Grace,Hopper\n"


@pytest.fixture
async def person(client: httpx.AsyncClient, organisation: Organisation) -> Person:
    return Person(client, await organisation.person("owner"))


async def preview(person: Person, *sizes: int) -> httpx.Response:
    rows = ["First Name,Last Name\n" + ROW * (size // len(ROW)) for size in sizes]
    sent: Any = [("file", ("rows.csv", one.encode())) for one in rows]
    return await person.client.post(
        "/v1/imports/preview", data={"type": "leads"}, files=sent, headers=person.who.headers
    )


async def test_a_form_brings_only_so_many_files(person: Person) -> None:
    answer = await preview(person, *([20] * (parts.FILES + 1)))
    assert answer.status_code == 413, answer.text
    assert "A form may bring at most 50 files" in answer.text


async def test_a_file_is_in_memory_only_while_it_is_small(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[UploadFile] = []

    class Seen(UploadFile):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            seen.append(self)

    monkeypatch.setattr(parts, "UploadFile", Seen)
    for size in (10_000, 70_000):
        answer = await preview(person, size)
        assert answer.status_code == 200, answer.text
    assert [one.rolled_to_disk for one in seen] == [False, True]
