"""Somebody who calls operations by the document and looks for what is not theirs in each answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import httpx
import msgspec

from tenfold.kernel.errors import TenfoldError
from tenfold.proofs.document import Document, Examples, Operation

_PATIENCE = 10


class Unanswered(TenfoldError):
    """What a proof needs was refused, so that it can't be done."""

    code = "PROOF_STUCK"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; `raw` is all of it, headers too."""

    status: int
    text: str
    raw: str

    @property
    def code(self) -> str:
        """The code of a refusal."""
        return self.document.get("error", {}).get("code", "")

    @property
    def document(self) -> Any:
        """Its JSON; nothing where it is none."""
        try:
            found = msgspec.json.decode(self.text)
        except (msgspec.DecodeError, UnicodeEncodeError):
            return {}
        return cast("Any", found) if isinstance(found, dict) else {}


class Caller:
    """A person with a token, or nobody.

    `word` is in the texts of what they make. `forbidden` are words that no answer to them may
    hold; those that do are in `leaks`.
    """

    def __init__(
        self,
        document: Document,
        http: httpx.AsyncClient,
        headers: Mapping[str, str],
        word: str = "text",
    ) -> None:
        self.document, self._http, self.headers = document, http, dict(headers)
        self.examples = Examples(document, word)
        self.forbidden: set[str] = set()
        self.leaks: list[str] = []
        self.requests = 0

    async def ask(
        self, one: Operation, parameters: Mapping[str, Any], body: object = None
    ) -> Answer:
        """Perform an operation; whatever comes back is an answer."""
        path, query, headers = one.path, dict[str, Any](), dict(self.headers)
        for about in one.parameters:
            if about["name"] not in parameters:
                continue
            given = str(parameters[about["name"]])
            match about["in"]:
                case "path":
                    path = path.replace(f"{{{about['name']}}}", quote(given, safe=""))
                case "query":
                    query[about["name"]] = given
                case _:
                    headers[about["name"]] = given
        content: dict[str, Any] = {} if body is None else {"json": body}
        sent = await self._sent(one.method, path, params=query, headers=headers, **content)
        heads = "\n".join(f"{name}: {value}" for name, value in sent.headers.multi_items())
        answer = Answer(sent.status_code, sent.text, f"{heads}\n\n{sent.text}")
        self._look(one, f"{parameters} {body}", answer)
        return answer

    async def _sent(self, method: str, path: str, **more: Any) -> httpx.Response:
        """One request; asked for patience, it is sent again."""
        for _ in range(_PATIENCE):
            sent = await self._http.request(method, path, **more)
            self.requests += 1
            if sent.status_code != 429:
                return sent
            await asyncio.sleep(min(float(sent.headers.get("retry-after", 1)), 60))
        raise Unanswered("The server asks for patience again and again (429); try again later.")

    def _look(self, one: Operation, asked: str, answer: Answer) -> None:
        for word in self.forbidden:
            # What the question held may be said back.
            if word in answer.raw and word not in asked:
                self.leaks.append(f"{one.title} answers {answer.status} with {word!r}")

    async def made(self, name: str, body: object = None, **parameters: Any) -> Any:
        """The JSON of an operation that must succeed; raises Unanswered."""
        one = self.document.named(name)
        return succeeded(one, await self.ask(one, parameters, body))


def succeeded(one: Operation, answer: Answer) -> Any:
    """The JSON of an answer that must be a success; raises Unanswered."""
    if not 200 <= answer.status < 300:
        raise Unanswered(f"{one.title} answered {answer.status}: {answer.text[:300]}")
    return answer.document
