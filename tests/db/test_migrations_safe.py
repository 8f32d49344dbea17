"""The check that refuses unsafe steps in migrations turns red at each of them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
WAIT = "SET LOCAL lock_timeout = '5s';\n"
LEADS = "ALTER TABLE tenfold.leads"


def _tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("steps", ROOT / "tools" / "unsafe_steps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _found(folder: Path, sql: str, *, run: str = "run_script", way: str = "up") -> list[str]:
    (folder / "0002_planted.py").write_text(f'{run}("0002_planted.{way}.sql")\n')
    (folder / f"0002_planted.{way}.sql").write_text(sql)
    return list(_tool().mistakes(folder))


PLANTED = {
    "CREATE INDEX i ON tenfold.leads (tenant_id, notes);": "require-concurrent-index-creation",
    "DROP INDEX tenfold.leads_email;": "require-concurrent-index-deletion",
    f"{LEADS} ADD COLUMN a text NOT NULL;": "adding-required-field",
    f"{LEADS} ADD COLUMN a uuid DEFAULT gen_random_uuid();": "adding-field-with-default",
    f"{LEADS} ALTER COLUMN notes TYPE jsonb USING notes::jsonb;": "changing-column-type",
    f"{LEADS} ALTER COLUMN notes SET NOT NULL;": "adding-not-nullable-field",
    f"{LEADS} ADD CONSTRAINT k FOREIGN KEY (tenant_id, contact_id) "
    "REFERENCES tenfold.contacts (tenant_id, id);": "adding-foreign-key-constraint",
    f"{LEADS} ADD CONSTRAINT k CHECK (budget > 0);": "constraint-missing-not-valid",
    f"{LEADS} ADD CONSTRAINT k UNIQUE (tenant_id, email);": "disallowed-unique-constraint",
    f"{LEADS} DROP COLUMN notes;": "ban-drop-column",
    "DROP TABLE tenfold.leads;": "ban-drop-table",
    f"{LEADS} RENAME COLUMN notes TO remarks;": "renaming-column",
    "GRANT SELECT ON tenfold.leads TO :app; CREATE POLICY p ON tenfold.leads TO :tail USING": (
        "syntax-error"
    ),
}


@pytest.mark.parametrize("sql", PLANTED)
def test_an_unsafe_step_is_refused(tmp_path: Path, sql: str) -> None:
    found = _found(tmp_path, WAIT + sql)
    assert any(f"({PLANTED[sql]})" in one for one in found), found
    assert found[0].startswith("0002_planted.up.sql:2: ")


def test_a_script_that_waits_for_ever_is_refused(tmp_path: Path) -> None:
    (found,) = _found(tmp_path, f"{LEADS} ADD COLUMN a text;")
    assert "(require-lock-timeout)" in found


def test_an_index_built_concurrently_in_a_transaction_is_refused(tmp_path: Path) -> None:
    sql = WAIT + "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON tenfold.leads (tenant_id, notes);"
    assert "(ban-concurrent-index-creation-in-transaction)" in _found(tmp_path, sql)[0]
    assert _found(tmp_path, sql, run="run_each") == []


def test_what_runs_alone_must_bear_being_run_again(tmp_path: Path) -> None:
    sql = WAIT + "CREATE INDEX CONCURRENTLY i ON tenfold.leads (tenant_id, notes);"
    (found,) = _found(tmp_path, sql, run="run_each")
    assert "(prefer-robust-stmts)" in found


def test_an_exception_needs_its_reason(tmp_path: Path) -> None:
    ignored = f"-- squawk-ignore ban-drop-column\n{LEADS} DROP COLUMN notes;"
    assert _found(tmp_path, f"{WAIT}-- Nothing has read it since 0.3.\n{ignored}") == []
    assert "0002_planted.up.sql:2: say why" in _found(tmp_path, WAIT + ignored)[0]


def test_safe_steps_pass(tmp_path: Path) -> None:
    steps = (
        f"{LEADS} ADD COLUMN a text; {LEADS} ADD COLUMN b bigint NOT NULL DEFAULT 0;"
        f"{LEADS} ADD CONSTRAINT k CHECK (budget > 0) NOT VALID;"
        "CREATE TABLE tenfold.new (tenant_id uuid NOT NULL, id uuid NOT NULL, n text NOT NULL,"
        "PRIMARY KEY (tenant_id, id)); CREATE INDEX new_n ON tenfold.new (tenant_id, n);"
        "GRANT SELECT ON tenfold.new TO :app;"
    )
    assert _found(tmp_path, WAIT + steps) == []


def test_the_way_down_may_drop_what_the_way_up_made(tmp_path: Path) -> None:
    assert _found(tmp_path, f"{WAIT}{LEADS} DROP COLUMN a; DROP TABLE tenfold.b;", way="down") == []


def test_what_ships_is_safe(capsys: pytest.CaptureFixture[str]) -> None:
    assert _tool().main([]) == 0
    assert capsys.readouterr().out == ""


def test_the_check_says_no_by_its_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _found(tmp_path, "DROP TABLE tenfold.leads;")
    assert _tool().main([str(tmp_path)]) == 1
    assert "Dropping a table" in capsys.readouterr().out
