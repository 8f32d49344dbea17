"""A first visit is light: what a browser fetches for it, as it comes over the line."""

from __future__ import annotations

import re

import pytest
from tests.pages.conftest import Make, Visitor

from tenfold.web.pages.assets import assets

pytestmark = pytest.mark.anyio
KB = 1_000
_SHEET = re.compile(r'<link rel="stylesheet" href="([^"]+)"')
_SCRIPT = re.compile(r'<script src="([^"]+)"')
# Icons and the mark are shown by every page.
_SHOWN = re.compile(r'<(?:link rel="icon"|img[^>]*?src=|use) ?(?:href|src)?="?([^"#]+)')


async def weight(visitor: Visitor, path: str) -> int:
    """The bytes of an answer's body, compressed where the server compresses."""
    headers = {"accept-encoding": "gzip", "accept": "text/html"}
    async with visitor.http.stream("GET", path, headers=headers) as answer:
        assert answer.status_code == 200, path
        return len(b"".join([part async for part in answer.aiter_raw()]))


async def first_visit(visitor: Visitor, path: str) -> tuple[int, int]:
    """What a browser without anything kept fetches for a page: all of it, and its scripts."""
    await visitor.get(path)
    text = visitor.answer.text
    scripts = set(_SCRIPT.findall(text))
    files = {*_SHEET.findall(text), *(one.strip() for one in _SHOWN.findall(text))}
    # The sheet asks for the font. Somebody's name will have letters that the first one lacks.
    faces = ("latin", "europe", "vietnam")
    files |= {assets().address(f"vendor/inter-{one}.woff2") for one in faces}
    assert scripts
    assert {one.rsplit(".", 1)[-1] for one in files} == {"css", "woff2", "svg"}
    script = sum([await weight(visitor, one) for one in scripts])
    return await weight(visitor, path) + script + sum(
        [await weight(visitor, f) for f in files]
    ), script


@pytest.mark.parametrize("path", ["/", "/leads", "/leads?as=board", "record", "/admin", "/search"])
async def test_a_first_visit_is_light(visitor: Visitor, make: Make, path: str) -> None:
    made = [
        await make("leads", first_name=f"N{n}", last_name="Lead", email=f"n{n}@example.com")
        for n in range(30)
    ]
    everything, script = await first_visit(
        visitor, f"/leads/{made[0]['id']}" if path == "record" else path
    )
    assert script < 60 * KB
    assert everything < 150 * KB


async def test_what_a_page_weighs_is_all_of_it(visitor: Visitor, make: Make) -> None:
    """The measure counts the sheet, every script, the font and the icons."""
    everything, script = await first_visit(visitor, "/leads")
    assert script > 20 * KB
    assert everything - script > 70 * KB
