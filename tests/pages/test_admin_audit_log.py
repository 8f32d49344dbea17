"""The audit log, by its page."""

from __future__ import annotations

import json

import pytest
from tests.factories import Organisation, Owner
from tests.pages.conftest import Visit, Visitor

pytestmark = pytest.mark.anyio
PLACE = "/admin/security/audit-log"
_SEAL = """INSERT INTO tenfold.audit_seals (tenant_id, log, number, since, sealed_at, seqs, digests,
    salts, before, hash, stamp)
VALUES ($1, 'changes', $2, now(), now(), '{1, 2}', decode(repeat('00', 64), 'hex'),
    decode(repeat('00', 32), 'hex'), '', '', '')"""


async def test_it_says_how_far_it_is_sealed_and_gives_the_file(
    visitor: Visitor, organisation: Organisation, owner: Owner
) -> None:
    page = await visitor.get(PLACE)
    assert page.text.count("Nothing is sealed yet.") == 2
    for number in (1, 2):
        await owner.execute(_SEAL, organisation.id, number)
    page = await visitor.get(PLACE)
    assert "4 entries sealed, the last just now" in page.text
    assert page.text.count("Nothing is sealed yet.") == 1
    link = page.one("a", href=f"{PLACE}/file")
    assert link.text == "Download the audit log"
    await visitor.get(f"{PLACE}/file")
    first, *rest = visitor.answer.text.splitlines()
    assert json.loads(first)["organization_id"] == str(organisation.id)
    assert [json.loads(line)["kind"] for line in rest].count("seal") == 2


@pytest.mark.parametrize("where", [PLACE, f"{PLACE}/file"])
async def test_it_is_for_administrators(
    visit: Visit, organisation: Organisation, where: str
) -> None:
    member = visit(await organisation.person("member"))
    await member.get(where)
    assert member.answer.status_code == 403
    assert str(organisation.id) not in member.answer.text
