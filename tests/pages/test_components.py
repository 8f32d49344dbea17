"""The page of all components: every one of them stands there in its states, and none acts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from jinja2.runtime import Macro
from playwright.async_api import Page, Route, expect
from tests.factories import Organisation
from tests.guards import Counter
from tests.pages.conftest import Make, Visit, Visitor
from tests.pages.test_browser import Open, address, chromium, open_page, trouble, windows

from tenfold.web.pages import render
from tenfold.web.pages.components import PLACE
from tenfold.web.pages.components.apart import SAMPLE, Apart
from tenfold.web.pages.components.values import TONES

pytestmark = pytest.mark.anyio
__all__ = ["address", "chromium", "open_page", "trouble", "windows"]

WEB = Path(render.__file__).parents[1]
TEMPLATES, STYLES = WEB / "templates", WEB / "static" / "css"
# What has nothing to be seen: the options that a browser draws, sums that a script takes over,
# and the answer to an editor, which is a cell.
UNSEEN = {"parts/picks.html", "parts/figures.html", "parts/saved.html"}
_MACRO = re.compile(r"{%-? macro (\w+)\(")
_KIND = re.compile(r'one\.kind == "(\w+)"')
_CONTROL = re.compile(r'one\.control == "(\w+)"')


def declared(file: str) -> set[str]:
    """The macros of a file."""
    return set(_MACRO.findall((TEMPLATES / file).read_text("utf-8")))


class Drawn:
    """What was drawn: macros with their first arguments, and templates, by name."""

    def __init__(self) -> None:
        self.macros: dict[str, list[Any]] = {}
        self.templates: set[str] = set()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """Notes what templates draw while the test runs."""
    noted = Drawn()
    call, get = Macro.__call__, Environment.get_template

    def called(self: Macro, *given: Any, **named: Any) -> Any:
        first = [one for one in given if not hasattr(one, "eval_ctx")][:1]
        noted.macros.setdefault(self.name, []).extend(first)
        return call(self, *given, **named)

    def got(self: Environment, name: Any, *given: Any, **named: Any) -> Any:
        noted.templates.add(str(name))
        return get(self, name, *given, **named)

    monkeypatch.setattr(Macro, "__call__", called)
    monkeypatch.setattr(Environment, "get_template", got)
    return noted


async def test_every_macro_and_every_part_is_shown(visitor: Visitor, drawn: Drawn) -> None:
    await visitor.get(PLACE)
    assert visitor.answer.status_code == 200
    files = [f"macros/{path.name}" for path in (TEMPLATES / "macros").iterdir()]
    wanted = set[str]().union(*map(declared, files))
    assert len(wanted) > 20
    assert wanted - set(drawn.macros) == set()
    parts = {f"parts/{path.name}" for path in (TEMPLATES / "parts").iterdir()}
    assert parts - drawn.templates == UNSEEN


async def test_every_kind_of_value_and_of_control_is_shown(visitor: Visitor, drawn: Drawn) -> None:
    await visitor.get(PLACE)
    kinds = set(_KIND.findall((TEMPLATES / "macros/show.html").read_text("utf-8")))
    assert kinds - {one.kind for one in drawn.macros["cell"]} == set()
    controls = set(_CONTROL.findall((TEMPLATES / "macros/field.html").read_text("utf-8")))
    shown = drawn.macros["field"]
    assert controls - {one.control for one in shown} == set()
    for control in controls:
        those = [one for one in shown if one.control == control and one.mark]
        assert [bool(one.error) for one in those[:3]] == [False, False, True], control


async def test_every_colour_is_shown(visitor: Visitor) -> None:
    await visitor.get(PLACE)
    sheet = (STYLES / "tokens.css").read_text("utf-8")
    colours = set(re.findall(r"--([\w-]+): (?:oklch|var\(--n)", sheet))
    assert colours == {name for group in TONES for name in group}
    styled = set(re.findall(r"\.tone-([\w-]+) ", (STYLES / "components.css").read_text("utf-8")))
    assert styled == colours


async def test_no_two_elements_have_one_name_and_every_reference_is_kept(visitor: Visitor) -> None:
    page = await visitor.get(PLACE)
    names = re.findall(r'\sid="([^"]+)"', visitor.answer.text)
    assert len(names) > 300
    assert sorted({name for name in names if names.count(name) > 1}) == []
    for label in page.all("label"):
        assert "for" not in label.attributes or label["for"] in names


async def test_what_a_sample_holds_leads_nowhere(visitor: Visitor) -> None:
    page = await visitor.get(PLACE)
    samples = page.all("figure")
    assert len(samples) > 80
    for one in samples:
        assert one.all("figcaption")[0].text
        for form in one.all("form"):
            assert form.get("action", SAMPLE) == SAMPLE
        links = [a["href"] for a in one.all("a") if not a["href"].startswith(("mailto", "tel"))]
        assert [a for a in links if a not in (f"#{one['id']}", "https://example.com/plans")] == []


async def test_a_sample_that_is_sent_changes_nothing_and_says_so(visitor: Visitor) -> None:
    page = await visitor.get(PLACE)
    form = next(f for f in page.all("figure")[0].all("form") or page.all("form") if _is_sample(f))
    await visitor.send(form)
    assert visitor.path == PLACE
    assert "Nothing was changed" in visitor.toast


def _is_sample(form: Any) -> bool:
    return form.get("action") == SAMPLE and form.get("method") == "post"


def test_names_are_set_apart_in_pairs() -> None:
    apart = Apart()
    apart.begin()
    given = '<label for="a">A</label><input id="a" aria-describedby="b c"><a href="/x">x</a>'
    assert apart(given) == (
        '<label for="a-s1">A</label><input id="a-s1" aria-describedby="b-s1 c-s1">'
        '<a href="#sample-1">x</a>'
    )


async def test_the_page_needs_few_statements(visitor: Visitor, queries: Counter) -> None:
    await visitor.get(PLACE)
    queries.clear()
    await visitor.get(PLACE)
    assert 0 < len(queries) <= 5


async def test_who_is_not_signed_in_is_sent_to_the_door(anybody: Visitor) -> None:
    await anybody.get(PLACE)
    assert anybody.path == "/login"
    assert str(anybody.answer.url.query, "ascii") == "next=/components"


async def test_the_page_is_found_from_the_health_of_the_installation(visitor: Visitor) -> None:
    page = await visitor.get("/admin/health")
    assert PLACE in [a["href"] for a in page.all("a")]


# -- whom to ask


async def test_a_refusal_says_whom_to_ask(visit: Visit, organisation: Organisation) -> None:
    boss = await organisation.person("admin", name="Grace Hopper")
    reader = visit(await organisation.person("read-only"))
    page = await reader.get("/leads/new")
    assert reader.answer.status_code == 403
    assert "/settings/whom-to-ask" in [a["href"] for a in page.all("a")]
    page = await reader.get("/settings/whom-to-ask")
    assert f"mailto:{boss.email}" in [a["href"] for a in page.all("a")]


async def test_only_who_administers_is_named(visit: Visit, organisation: Organisation) -> None:
    other = await organisation.person("manager")
    reader = visit(await organisation.person("read-only"))
    await reader.get("/settings/whom-to-ask")
    assert other.email not in reader.answer.text


async def test_what_failed_in_passing_can_be_tried_again(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr("tenfold.web.pages.components.values.values", breaks)
    page = await visitor.get(f"{PLACE}?a=b")
    assert visitor.answer.status_code == 500
    assert [a["href"] for a in page.all("a")] == [f"{PLACE}?a=b", "/"]


# -- while a part is on its way, in a browser

LOOKS = """(element) => {
  // Shown anew, so that it begins anew, however long the test took to come here.
  element.hidden = true;
  element.getBoundingClientRect();
  element.hidden = false;
  const [waits] = element.getAnimations();
  waits.pause();
  return [0, 299, 302].map((at) => {
    waits.currentTime = at;
    const style = getComputedStyle(element);
    return `${style.visibility} ${style.color}`;
  });
}"""
"""How an element looks as it appears, 299 ms after it, and 302."""
SLOWNESS = """() => {
  const list = document.getElementById("list");
  const name = list.querySelector("tbody th .record");
  let began = 0;
  let color = "";
  new MutationObserver((seen) => seen.forEach(({ attributeName }) => {
    if (attributeName === "aria-busy" && !began) {
      began = performance.now();
      color = getComputedStyle(name).color;
    }
    if (attributeName === "data-slow") window.slowness ??= [performance.now() - began, color];
  })).observe(list, { attributes: true });
}"""
"""Notes the milliseconds until a busy list is slow, and how a name looked before."""


async def held(page: Page, pattern: str) -> list[Route]:
    """Requests of an address wait until the test lets them go."""
    waiting: list[Route] = []

    async def hold(route: Route) -> None:
        waiting.append(route)

    await page.route(re.compile(pattern), hold)
    return waiting


async def until(page: Page, waiting: list[Route]) -> Route:
    """The request that waits."""
    for _ in range(100):
        if waiting:
            return waiting.pop()
        await page.wait_for_timeout(20)
    raise AssertionError("nothing was asked")


@pytest.mark.untraced
async def test_bones_show_after_300_ms_and_go_with_the_answer(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page("/leads")
    waiting = await held(page, rf"/leads/{lead['id']}")
    await page.keyboard.press("j")
    await page.keyboard.press(" ")
    route = await until(page, waiting)
    bones = page.locator(".side-panel > .bones")
    await expect(page.locator("#panel")).to_have_attribute("aria-busy", "true")
    looks = await bones.evaluate(LOOKS)
    assert [one.split(" ")[0] for one in looks] == ["hidden", "hidden", "visible"]
    await route.continue_()
    await expect(page.locator("#panel h1")).to_be_visible()
    await expect(bones).to_be_hidden()
    assert await page.locator("#panel").get_attribute("aria-busy") is None


@pytest.mark.untraced
async def test_a_list_that_is_asked_anew_turns_into_bones_of_its_own_height(
    open_page: Open, lead: dict[str, Any]
) -> None:
    page = await open_page("/leads")
    waiting = await held(page, r"/leads\?.*sort=")
    row = page.locator(".grid tbody tr").first
    name = row.locator("th .record")
    height = await row.evaluate("(one) => one.getBoundingClientRect().height")
    await page.evaluate(SLOWNESS)
    await page.locator(".grid thead a").first.click()
    route = await until(page, waiting)
    await expect(page.locator("#list")).to_have_attribute("data-slow", "")
    took, before = await page.evaluate("window.slowness")
    assert 250 < took < 5_000  # the observer hears of it a moment later than the timer began
    after = await name.evaluate("(one) => getComputedStyle(one).color")
    assert before != after
    assert after.endswith(("/ 0)", ", 0)"))
    assert await row.evaluate("(one) => one.getBoundingClientRect().height") == height
    await route.continue_()
    await expect(page.locator("#list:not([aria-busy], [data-slow])")).to_be_visible()


@pytest.mark.untraced
@pytest.mark.parametrize("how", ["broken", "gone"])
async def test_a_part_that_failed_says_so_in_its_place_and_is_asked_again(
    open_page: Open, lead: dict[str, Any], trouble: list[str], how: str
) -> None:
    page = await open_page("/leads")
    waiting = await held(page, rf"/leads/{lead['id']}")
    await page.keyboard.press("j")
    await page.keyboard.press(" ")
    route = await until(page, waiting)
    await (route.fulfill(status=500, body="") if how == "broken" else route.abort())
    failed = page.locator("#panel .failed")
    text = "on our side" if how == "broken" else "can't be reached"
    await expect(failed).to_contain_text(text)
    await expect(page.locator(".toasts .toast")).to_have_count(0)
    await failed.get_by_role("button", name="Try again").click()
    await (await until(page, waiting)).continue_()
    await expect(page.locator("#panel h1")).to_contain_text("Zoë")
    await expect(failed).to_have_count(0)
    trouble.clear()


@pytest.mark.untraced
async def test_the_rest_of_a_list_is_asked_again_where_it_failed(
    open_page: Open, make: Make, trouble: list[str]
) -> None:
    for number in range(32):
        await make("leads", first_name=f"N{number}", last_name="Lead")
    page = await open_page("/offline")
    waiting = await held(page, r"/leads\?.*cursor=")
    await page.goto("/leads")
    await page.locator(".grid .more").scroll_into_view_if_needed()
    await (await until(page, waiting)).abort()
    again = page.locator(".grid .more .failed button")
    await expect(again).to_be_visible()
    assert await page.locator(".grid tbody tr[id^=r-]").count() == 30
    await again.focus()
    await page.keyboard.press("Enter")
    await (await until(page, waiting)).abort()
    # It fails once more, and the button has the focus still.
    await expect(again).to_be_focused()
    await page.keyboard.press("Enter")
    await (await until(page, waiting)).continue_()
    await expect(page.locator(".grid tbody tr[id^=r-]")).to_have_count(32)
    trouble.clear()


@pytest.mark.untraced
async def test_the_sums_of_a_board_are_asked_again_where_they_failed(
    open_page: Open, lead: dict[str, Any], trouble: list[str]
) -> None:
    page = await open_page("/offline")
    waiting = await held(page, r"figures=1")
    await page.goto("/leads?as=board")
    await (await until(page, waiting)).fulfill(status=503, body="")
    await page.locator(".sums .failed button").click()
    await (await until(page, waiting)).continue_()
    await expect(page.locator("[data-sum=new]")).to_contain_text("$1,000,000")
    await expect(page.locator(".sums .failed")).to_have_count(0)
    trouble.clear()
