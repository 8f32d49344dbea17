"""An organisation's stages lie over a definition and change nothing of what is asked by it."""

from __future__ import annotations

from dataclasses import replace

from tenfold.app import registry
from tenfold.engine.stages import StageSpec, with_stages


def test_names_of_stages_change_no_digest_and_no_statement() -> None:
    shipped = registry().by_name["lead"]
    own = with_stages(shipped, {"hot": StageSpec(label="On fire", hue="red", hidden=True)})
    assert (own.status and own.status.label("hot")) == "On fire"
    assert own.digest == replace(shipped).digest
    assert own.fields["status"] == shipped.fields["status"]


def test_a_hidden_stage_is_offered_only_where_a_record_is_at_it() -> None:
    own = with_stages(registry().by_name["lead"], {"hot": StageSpec(hidden=True)})
    assert own.status is not None
    assert "hot" not in own.status.offered("new")
    assert "hot" in own.status.offered("hot")
    assert "hot" in own.status.options
