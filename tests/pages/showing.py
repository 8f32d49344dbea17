"""Shows: pages reached by hand, pictured at three widths in both themes, for people to look at.

The pictures stand in build/shows/<show>/<step>-<width>-<theme>.png after a run.
"""

from __future__ import annotations

import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from playwright.async_api import Page, expect
from tests.factories import Owner, Somebody
from tests.pages.browsing import DESK, PHONE, TABLET
from tests.pages.conftest import Make
from tests.pages.test_browser import OVERFLOW, Open

ROOT = Path(__file__).parents[2] / "build" / "shows"
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Colours fade from theme to theme.
_SETTLED = """() => document.getAnimations()
    .filter((one) => one instanceof CSSTransition).forEach((one) => one.finish())"""

Stored = Callable[..., Awaitable[Any]]
Begin = Callable[..., Awaitable["Show"]]


class Show:
    """One person's work in a window, with its pictures."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    async def picture(self, step: str) -> None:
        """Picture the page as it stands; on no screen may it be wider than that."""
        page = self.page
        if await page.locator(".toast .undo").count():
            await page.focus(".toast .undo")  # which keeps it there
        for size in (PHONE, TABLET, DESK):
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            for theme in THEMES:
                await page.emulate_media(color_scheme=theme)
                await page.evaluate(_SETTLED)
                path = self.folder / f"{step}-{size[0]}-{theme}.png"
                await page.screenshot(path=path)
            assert await page.evaluate(OVERFLOW) <= 0, f"{step} at {size[0]}"
        await page.emulate_media(color_scheme="light")

    async def told(self, text: str) -> None:
        """Something was said at the foot of the page."""
        await expect(self.page.locator(".toast")).to_contain_text(text)

    async def go(self, place: str) -> None:
        """Go to a place by the rail, as one who points."""
        await self.page.locator(".rail .place", has_text=place).first.click()
        await expect(self.page.locator(".rail .place.here").last).to_contain_text(place)

    async def write(self, **values: str) -> None:
        """Fill in fields by their names, choosing what is a choice."""
        for name, value in values.items():
            one = self.page.locator(f"[name={name}]:visible")
            if await one.evaluate("e => e.matches('select')"):
                await one.select_option(label=value)
            else:
                await one.fill(value)

    async def drag(self, card: str, lane: str) -> None:
        """Drag a card along the board, as a hand does."""
        mouse = self.page.mouse
        start = await self.page.locator(".board-card", has_text=card).bounding_box()
        end = await self.page.locator(f"[data-lane={lane}]").bounding_box()
        assert start is not None
        assert end is not None
        await mouse.move(start["x"] + 30, start["y"] + start["height"] - 8)
        await mouse.down()
        await mouse.move(end["x"] + end["width"] / 2, end["y"] + 90, steps=8)
        await mouse.up()


_PLACES = {"real_estate": "Harbour Realty", "career_services": "Lakeside College"}


async def call(owner: Owner, somebody: Somebody, first: str, last: str) -> None:
    """Give somebody a name."""
    sql = "UPDATE tenfold.users SET first_name = $2, last_name = $3 WHERE id = $1"
    await owner.execute(sql, somebody.id, first, last)


@pytest.fixture
async def begin(open_page: Open, owner: Owner, admin: Somebody) -> Begin:
    """Opens the home page for a show, under the name of the one who plays in it."""

    async def began(show: str, first: str, last: str, pack: str = "real_estate") -> Show:
        expect.set_options(timeout=20_000)
        await call(owner, admin, first, last)
        sql = "UPDATE tenfold.tenants SET name = $2, packs = $3 WHERE id = $1"
        await owner.execute(sql, admin.tenant, _PLACES[pack], [pack])
        page = await open_page("/", color_scheme="light", reduced_motion="reduce")
        return Show(page, ROOT / show)

    return began


@pytest.fixture
def stored(client: httpx.AsyncClient, admin: Somebody) -> Stored:
    """What the API says is stored: `await stored("leads", last_name="Ünal")`."""

    async def one(path: str, **asked: str) -> Any:
        answer = await client.get(f"/v1/{path}", params=asked, headers=admin.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    return one


PEOPLE = (
    ("Maya", "Okafor", "new", 610_000, "website"),
    ("Leon", "Fischer", "new", 385_000, "open_house"),
    ("Rosa", "Delgado", "contacted", 720_000, "referral"),
    ("Tomás", "Ibarra", "contacted", 540_000, "portal"),
    ("Hana", "Kobayashi", "qualified", 1_150_000, "referral"),
    ("Priya", "Raman", "hot", 890_000, "past_client"),
    ("Jonas", "Lindqvist", "nurture", 455_000, "social_media"),
    ("Amara", "Diallo", "under_contract", 675_000, "walk_in"),
)


@pytest.fixture
async def leads(make: Make) -> list[dict[str, Any]]:
    """Eight leads at several stages."""
    return [
        await make("leads", first_name=first, last_name=last, status=status, budget=budget,
                   source=source, email=f"{last.lower()}@example.com", timeline="1_3_months")
        for first, last, status, budget, source in PEOPLE
    ]  # fmt: skip
