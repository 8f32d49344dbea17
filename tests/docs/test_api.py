"""The commands of how-to pages, run in their order, answer what the page shows."""

from __future__ import annotations

import json
import re
import secrets
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.conftest import Running

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to"
PAGE = (HOW_TO / "api.md").read_text()
_BLOCK = re.compile(r"^```(sh|json)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SET = re.compile(r"^(\w+)=(\S+)(?:  # (\S+))?$")
_VALUED = {"-H", "-d", "-X", "-b", "-c"}


class Shell:
    """Runs the page's commands: `NAME=value`, and `curl` with the options that it uses."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self.http, self.names = http, dict[str, str]()
        self.answer = httpx.Response(200, json={})

    async def run(self, block: str) -> None:
        if block.startswith("curl "):
            await self.curl(shlex.split(self.filled(block.replace("\\\n", " "))))
            return
        for line in block.splitlines():
            found = _SET.match(line)
            assert found, line
            name, value, where = found.groups()
            if where:
                self.names[name] = self.found(where)
            else:
                self.names.setdefault(name, value.strip("'"))

    def filled(self, text: str) -> str:
        """The text with its variables, which stand in double quotes or are expanded by them."""
        return re.sub(r"\$(\w+)", lambda one: self.names[one[1]], text)

    def found(self, where: str) -> str:
        """What stands at a place of the last answer."""
        value: Any = self.answer.json()
        for name in where.split("."):
            value = value[name]
        return value

    async def curl(self, words: list[str]) -> None:
        method, headers, body, url = "", [], None, ""
        rest = iter(words[1:])
        for word in rest:
            value = next(rest) if word in _VALUED else ""
            if word == "-H":
                headers.append(tuple(value.split(": ", 1)))
            elif word == "-d":
                body = value
            elif word == "-X":
                method = value
            elif not word.startswith("-"):
                url = word
        method = method or ("GET" if body is None else "POST")
        self.answer = await self.http.request(method, url, headers=headers, content=body)


def alike(shown: Any, real: Any) -> bool:
    """Whether the real answer has all that the page shows; `…` stands for anything."""
    if shown == "…":
        return True
    if isinstance(shown, dict):
        return all(name in real and alike(one, real[name]) for name, one in shown.items())
    if isinstance(shown, list):
        return len(shown) == len(real) and all(map(alike, shown, real))
    return shown == real


@pytest.fixture
async def shell(app: Running) -> Shell:
    """A shell in front of a fresh organisation, whose owner is the page's person."""
    transport = httpx.ASGITransport(app.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as http:
        made = Shell(http)
        made.names["EMAIL"] = f"{secrets.token_hex(6)}@example.com"  # the page's has an account
        await made.run(_BLOCK.findall(PAGE)[0][1])
        names = {"firstName": "Ada", "lastName": "Byron", "organization": "Analytical Engines"}
        person = {"email": made.names["EMAIL"], "password": made.names["PASSWORD"], **names}
        answer = await http.post(f"{made.names['API']}/auth/register", json=person)
        assert answer.status_code == 201, answer.text
        http.cookies.clear()
        yield made


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("api.md", [200, 200, 201, 200, 200, 412, 207, 200]),
        ("api-keys.md", [200, 201, 201, 403, 201, 200, 201, 201]),
        ("provision-people.md", [200, 201, 201, 201, 200]),
    ],
)
async def test_the_commands_answer_what_the_page_shows(
    shell: Shell, page: str, expected: list[int]
) -> None:
    statuses: list[int] = []
    for kind, text in _BLOCK.findall((HOW_TO / page).read_text()):
        if kind == "json":
            assert alike(json.loads(text), shell.answer.json()), shell.answer.text
        else:
            await shell.run(text)
            statuses += [shell.answer.status_code] if text.startswith("curl") else []
    assert statuses == expected


async def test_the_readme_signs_in_and_reads(shell: Shell) -> None:
    """Its code blocks with the word `sh` are the calls of the API."""
    text = (ROOT / "README.md").read_text().replace("demo@example.com", shell.names["EMAIL"])
    for _, block in _BLOCK.findall(text):
        await shell.run(block)
        assert shell.answer.status_code == 200, shell.answer.text
    assert shell.answer.json()["data"] == []


async def test_a_request_sent_again_with_its_key_is_answered_alike(shell: Shell) -> None:
    blocks = [text for kind, text in _BLOCK.findall(PAGE) if kind == "sh"]
    create = next(n for n, text in enumerate(blocks) if "Idempotency-Key" in text)
    for text in blocks[:create]:
        await shell.run(text)
    await shell.run(blocks[create])
    first = shell.answer
    await shell.run(blocks[create])
    assert shell.answer.json() == first.json()
    assert shell.answer.headers["idempotency-replayed"] == "true"
    assert first.headers["location"].endswith(first.json()["data"]["id"])
    assert first.headers["etag"].startswith('"1')


@pytest.mark.parametrize("accept", ["text/csv", "application/xml;q=0.9", "image/*", "nonsense"])
async def test_what_is_accepted_is_not_looked_at(client, organisation, accept: str) -> None:
    who = await organisation.person("owner")
    headers = {**who.headers, "accept": accept}
    for path, status in (("/v1/leads", 200), ("/v1/leads/x", 404), ("/v1/nothing", 404)):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/json")
    answer = await client.get("/v1/leads/export", headers={**headers, "accept": "text/html"})
    assert answer.headers["content-type"].startswith("text/csv")
