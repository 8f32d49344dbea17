"""docs/how-to/secret-fields.md: what it declares compiles, what it types are commands."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from types import ModuleType

import pytest

from tenfold.cli.commands import app
from tenfold.engine.compile import compile_all
from tenfold.engine.types.other import IndexedSecret

PAGE = (Path(__file__).parents[2] / "docs" / "how-to" / "secret-fields.md").read_text()
COMMANDS = re.findall(r"(?m)^tenfold .*?(?=\s*(?:#|$))", PAGE)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_one(command: str) -> None:
    tokens = shlex.split(command, comments=True)[1:]
    found, bound, _ = app.parse_args(tokens, print_error=False, exit_on_error=False)
    assert found.__name__ == tokens[0].replace("-", "_")
    assert len(bound.arguments) == len([t for t in tokens[1:] if t != "--organisation"])


def test_there_are_commands_to_try() -> None:
    assert len(COMMANDS) == 5


def test_what_it_declares_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    imports, _, fields = block.partition("\n\n")
    lines = "".join(f"    {line}\n" for line in fields.splitlines())
    base = "from tenfold.engine.declare import Record, field\n"
    page = ModuleType("home_of_the_page")
    monkeypatch.setitem(sys.modules, page.__name__, page)
    exec(f"{base}{imports}\nclass Home(Record, plural='homes'):\n    'A.'\n{lines}", vars(page))
    made = compile_all({"test": [vars(page)["Home"]]})["home"].fields
    assert not isinstance(made["lockbox_code"].type, IndexedSecret)
    assert isinstance(made["tax_id"].type, IndexedSecret)
