"""The proof of the audit chain: what was sealed is as it was, and nobody could alter it unseen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import asyncpg

from tenfold.audit.verifying import Verified, verify
from tenfold.db.database import Database
from tenfold.proofs.findings import Findings

Say = Callable[[str], None]
_ORGANISATIONS = "SELECT id, name FROM tenfold.tenants ORDER BY id"
_POLICIES = """SELECT tablename::text AS table, policyname::text AS name, permissive,
    qual AS condition
FROM pg_policies WHERE schemaname = 'tenfold' AND tablename = ANY ($1)"""
_FORBIDDEN: Mapping[str, tuple[str, ...]] = {
    "change_log": ("UPDATE {} SET reason = reason", "DELETE FROM {}", "TRUNCATE {}"),
    "security_events": ("UPDATE {} SET detail = detail", "DELETE FROM {}", "TRUNCATE {}"),
    "audit_seals": ("UPDATE {} SET salts = salts", "DELETE FROM {}", "TRUNCATE {}"),
}


async def prove(
    database: Database, tail: Database, key: bytes, known: Mapping[str, str], say: Say
) -> tuple[Findings, Verified]:
    """Verify every chain, and that neither role can alter what is sealed.

    `known` are the heads of an earlier run, which must still be in the chains.
    """
    findings = Findings()
    await _try_policies(database, findings)
    for role, pool in (("application", database), ("log reader", tail)):
        await _try_roles(role, pool, findings)
    async with database.system() as reader:
        named = {row["id"]: row["name"] for row in await reader.rows(_ORGANISATIONS)}
    verified = await verify(tail, key, named, known, say)
    findings.tried["entries compared with their seals"] += verified.entries
    findings.tried["seals followed"] += verified.seals
    findings.tried["ends of chains that were known before"] += len(known)
    findings.open += verified.faults
    if not verified.seals:
        findings.untried.append("nothing is sealed yet: let a worker run for a while")
    if not known:
        findings.left_out.append(
            "whether the chains were made anew or cut off before this run: nothing is kept of an "
            "earlier one. Keep this evidence where nobody who writes to the database reaches it"
        )
    if verified.gone:
        findings.left_out.append(f"the seals of {verified.gone} organisations that are no more")
    return findings, verified


async def _try_policies(database: Database, findings: Findings) -> None:
    """What verifies the logs sees all of them: no policy hides an entry from its role."""
    async with database.system() as reader:
        rows = await reader.rows(_POLICIES, list(_FORBIDDEN))
    for row in rows:
        table, name = row["table"], row["name"]
        fine = row["permissive"] == "PERMISSIVE" and (name != "tail" or row["condition"] == "true")
        told = f"the policy {name} of {table} hides entries from who verifies them"
        findings.hold("policies", fine, told)
    found = sum(row["name"] == "tail" for row in rows)
    findings.hold("policies", found == len(_FORBIDDEN), "a log has no policy of its reader's role")


async def _try_roles(role: str, pool: Database, findings: Findings) -> None:
    """Try to alter, where nothing would be altered if it were let."""
    for table, statements in _FORBIDDEN.items():
        for statement in statements:
            # On no row at all, and taken back whatever happens.
            harmless = "" if statement.startswith("TRUNCATE") else " WHERE false"
            asked = statement.format(f"tenfold.{table}") + harmless
            async with pool.system() as reader:
                refused = await _is_refused(reader.connection, asked)
            verb = statement.partition(" ")[0]
            findings.hold(
                "tries to alter by a role of the installation",
                refused,
                f"the {role}'s role may {verb} {table}",
            )


async def _is_refused(connection: asyncpg.Connection[asyncpg.Record], asked: str) -> bool:
    transaction = connection.transaction()
    await transaction.start()
    try:
        await connection.execute(asked)
    except asyncpg.InsufficientPrivilegeError:
        return True
    finally:
        await transaction.rollback()
    return False
