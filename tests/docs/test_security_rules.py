"""The page of rules says what the code does: its figures, its keys, its libraries."""

from __future__ import annotations

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest

from tenfold.accounts.events import EVENTS
from tenfold.accounts.identity import (
    brute_force,
    links,
    lockout,
    own,
    passkeys,
    passwords,
    recovery,
    totp,
)
from tenfold.accounts.identity.proving import ACCOUNT_KEY
from tenfold.accounts.organisation import custom_fields, custom_types, invitations, roles, teams
from tenfold.accounts.organisation.acts import ACTS
from tenfold.engine import ask, written
from tenfold.kernel.settings import Settings, secret_names, variable
from tenfold.outside.targets import Terms
from tenfold.web import edge
from tenfold.web.api import csp_reports
from tenfold.web.api.bodies import STRANGERS_BYTES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "security-rules.md"
SOURCES = sorted((ROOT / "src" / "tenfold").rglob("*.py"))
S = Settings()


def minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} minutes"


def hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3_600:g} hours"


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("bytes of a body", f"{S.body_limit:,}"),
        ("bytes of a body before anybody is signed in", f"{STRANGERS_BYTES:,}"),
        ("bytes of a file to import", f"{S.import_bytes:,}"),
        ("seconds until the next piece of a body", f"{edge.PATIENCE_SECONDS:g}"),
        ("seconds of a statement in the database", f"{S.statement_seconds:g}"),
        ("records in a bulk request", f"{written.BULK:,}"),
        ("records in a page", f"{ask.MOST}"),
        ("record types of an organisation's own", f"{custom_types.MOST}"),
        ("custom fields of a record type", f"{custom_fields.MOST}"),
        ("roles of an organisation's own", f"{roles.MOST}"),
        ("teams", f"{teams.MOST}, in {teams.DEEPEST} levels"),
        ("open invitations", f"{invitations.MOST_OPEN}"),
        ("invitations a day of an organisation", f"{invitations.MOST_A_DAY}"),
        (
            "invitations an hour to an address, from all organisations",
            f"{invitations.LETTERS_AN_HOUR}",
        ),
        ("passkeys of a person", f"{passkeys.MOST}"),
        ("failures until an account is locked", f"{lockout.FAILURES}"),
        ("first lock", minutes(lockout.FIRST)),
        ("longest lock (each is twice the last)", hours(lockout.LONGEST)),
        ("failures are forgotten after", hours(lockout.FORGOTTEN)),
        (
            "failures from an address within an hour until the operator is told",
            f"{brute_force.FAILURES}",
        ),
        ("a link to sign in", minutes(links.LIFE["sign_in"])),
        ("a link to a new password", minutes(links.LIFE["reset"])),
        ("a link that confirms an address", f"{links.LIFE['verify'].days} days"),
        ("what is dangerous wants a proof of the last", minutes(own.SURE)),
        ("access token", f"{S.access_token_seconds} seconds"),
        ("without a visit a session ends after", f"{S.refresh_token_days} days"),
        ("in any case it ends after", f"{S.session_days} days"),
        ("a lost answer to a refresh is given again for", f"{S.refresh_grace_seconds:g} seconds"),
    ],
)
def test_a_figure_is_the_codes(what: str, value: str) -> None:
    said = re.findall(rf"^\| {re.escape(what)} \| ([^|]+) \|$", PAGE.read_text(), re.MULTILINE)
    assert len(said) == 1, f"the page has no line, or several, for {what}"
    assert said[0].partition(" (")[0] == value


@pytest.mark.parametrize(
    "sentence",
    [
        f"A password has {passwords.LEAST} to {passwords.MOST} characters",
        f"{links.MOST_AN_HOUR} letters an hour",
        f"{recovery._LENGTH * 4.954:.0f} random bits, each good once",
        f"{Terms().seconds:g} seconds and {Terms().most:,} bytes",
        f"at most {csp_reports.MOST:,}",
        f"{passwords._WAITING} waiting",
        f"depth {ask.DEEPEST} and five",
        "argon2id, 19 MiB, 2 passes",
        f"and {', '.join(passwords.OURS)}.",
        "each code good once",
        "session that began with a provider lasts like any other; leaving there does not end it",
    ],
)
def test_a_sentence_is_the_codes(sentence: str) -> None:
    assert sentence in " ".join(PAGE.read_text().split())
    assert (totp.STEP_SECONDS, totp.WINDOW, ask.EMBEDS) == (30, 1, 5)


def test_what_wants_a_fresh_proof_is_listed() -> None:
    said = re.findall(r"^\| `(\w+)`: ([^|]+) \| (yes|no) \|$", PAGE.read_text(), re.MULTILINE)
    wants = [(name, one) for name, one in ACTS.items() if one.proof]
    assert said == [(name, one.words, "yes" if one.keys else "no") for name, one in wants]


CRYPTO = {
    "argon2", "authlib", "bcrypt", "cryptography", "hashlib", "hmac", "joserfc", "jwt", "nacl",
    "passlib", "pyotp", "secrets", "ssl", "webauthn",
}  # fmt: skip


def _imported(path: Path) -> set[str]:
    """The packages that a file imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {one.name.partition(".")[0] for one in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


def test_every_library_for_cryptography_is_in_the_inventory() -> None:
    used = set().union(*map(_imported, SOURCES)) & CRYPTO
    named = set(re.findall(r"^\| (\w+) \| [^|`]+ \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE))
    assert used == named & CRYPTO


def test_every_key_that_is_derived_is_in_the_inventory() -> None:
    derived = {ACCOUNT_KEY, "recovery codes", "seal"}  # which are named elsewhere
    for path in SOURCES:
        derived |= set(re.findall(r"\bderived?\(\"([^\"]+)\"\)", path.read_text()))
    named = set(
        re.findall(r"^\| `([a-z -]+)` \| [^|]+ \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)
    )
    assert derived == named
    assert len(derived) >= 9


def test_every_kind_of_row_that_is_forgotten_is_said_so() -> None:
    sql = (ROOT / "src" / "tenfold" / "db" / "core.sql").read_text()
    for table, span, said in (
        ("security_events", "1 year", "1 year"),
        ("mails", "90 days", "90 days"),
    ):
        assert re.search(rf"\('{table}', '[^\n]*interval ''{span}'''\)", sql)
        assert f"| {said} |" in PAGE.read_text()


def test_every_event_is_told() -> None:
    told = (
        PAGE.read_text().partition("Events, by what they are about:")[2].partition("Times are")[0]
    )
    assert sorted(re.findall(r"`([a-z_]+)`", told)) == sorted(EVENTS)


def test_everybody_it_speaks_to_by_an_address_of_a_setting_is_told() -> None:
    said = PAGE.read_text().partition("## Whom it speaks to")[2].partition("## ")[0]
    named = {variable(name) for name in secret_names() if name.endswith("_url")}
    roles_of_one = {"TENFOLD_APP_DATABASE_URL", "TENFOLD_TAIL_DATABASE_URL"}
    listed = {"TENFOLD_SECRETS_FROM", "TENFOLD_OIDC_PROVIDERS", "TENFOLD_OUTSIDE_ISSUERS"}
    assert sorted(re.findall(r"`([A-Z_]+)`", said)) == sorted({*named, *listed} - roles_of_one)


def test_the_page_says_what_each_standard_wants_written() -> None:
    heads = re.findall(r"^## (.+)$", PAGE.read_text(), re.MULTILINE)
    assert heads == [
        "What is checked of what comes in",
        "Ways in",
        "Sessions",
        "Who may do what",
        "Keys and what they are for",
        "What is kept, and how it is protected",
        "What is logged",
        "Whom it speaks to",
        "What takes long, and what keeps it in bounds",
    ]
