"""What the shipped declarations must contain, whatever else they say."""

from __future__ import annotations

import pytest

from tenfold import app
from tenfold.engine import types
from tenfold.engine.project import tables
from tenfold.engine.registry import Registry
from tenfold.engine.types import FieldType

# Taken when the tests are collected: the conformance suite adds types of its own later.
PACKS = dict(app.PACKS)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(PACKS)


def test_every_field_type_is_used(registry):
    kinds = {getattr(types, name) for name in types.__all__}
    known = {k for k in kinds if isinstance(k, type) and issubclass(k, FieldType)} - {FieldType}
    used = {type(field.type) for definition in registry for field in definition.fields.values()}
    assert {k.__name__ for k in known - used} == set()


def test_every_type_has_help_for_its_fields_choices_and_grants(registry):
    for definition in registry:
        assert definition.access, f"{definition.name} can be seen by administrators only"
        assert definition.doc.endswith("."), definition.name
        assert definition.title_field.name != "id", f"{definition.name} has no title"


def test_roles_are_those_that_packs_name(registry):
    roles = {role for definition in registry for role in definition.access}
    assert roles == {
        "member",
        "agent",
        "team_lead",
        "coordinator",
        "broker",
        "counselor",
        "recruiter_relations",
        "front_desk",
        "collector",
        "drop_manager",
    }


@pytest.mark.parametrize(
    ("plural", "columns", "where"),
    [
        ("escrows", "owner_id, created_at, id", "deleted_at IS NULL"),
        ("escrows", "status, created_at, id", "deleted_at IS NULL"),
        ("escrows", "created_at, id", "deleted_at IS NULL"),
        ("escrows", "owner_id, status, created_at, id", "deleted_at IS NULL"),
        ("escrows", "close_date, id", "deleted_at IS NULL AND status = 'active'"),
        ("listings", "status, created_at, id", "deleted_at IS NULL"),
        ("listings", "status, list_price_currency, list_price, id", "deleted_at IS NULL"),
        ("listings", "list_price_currency, list_price, created_at, id", "deleted_at IS NULL"),
        ("leads", "budget_currency, budget, id", "deleted_at IS NULL"),
        ("leads", "budget_currency, created_at, id", "deleted_at IS NULL"),
        ("deals", "weighted_amount, id", "deleted_at IS NULL"),
        ("listings", "status, owner_id, id", "deleted_at IS NULL"),
        ("applications", "student_id, status, id", "deleted_at IS NULL"),
        ("student_notes", "student_id, at, id", "deleted_at IS NULL"),
        ("notes", "about_id, created_at, id", "deleted_at IS NULL"),
        ("user_cards", "owner_id, created_at, id", "deleted_at IS NULL AND NOT is_refunded"),
        ("contacts", "owner_id, created_at, id", "deleted_at IS NULL"),
        ("contacts", "updated_at, id", "deleted_at IS NULL"),
        ("contacts", "owner_id, updated_at, id", "deleted_at IS NULL"),
    ],
)
def test_the_indexes_that_were_asked_for(registry, plural, columns, where):
    made = [sql for _, sql in tables.indexes(registry.by_plural[plural])]
    assert any(sql.endswith(f"(tenant_id, {columns}) WHERE {where}") for sql in made), made


def test_students_are_found_by_name_and_address(registry):
    fields = registry.by_name["student"].fields
    for name in ("first_name", "last_name", "email"):
        assert fields[name].search, name


@pytest.mark.parametrize(
    ("type_", "names"),
    [
        (
            "listing",
            {
                "list_price": "ListPrice",
                "status": "StandardStatus",
                "address": "UnparsedAddress",
                "bedrooms_total": "BedroomsTotal",
                "days_on_market": "DaysOnMarket",
                "cumulative_days_on_market": "CumulativeDaysOnMarket",
                "agent": "ListAgentKey",
            },
        ),
        ("open_house", {"starts_at": "OpenHouseStartTime", "kind": "OpenHouseType"}),
        ("appointment", {"status": "ShowingAppointmentStatus"}),
        ("client", {"kind": "ContactType", "status": "ContactStatus"}),
        ("escrow", {"financing": "BuyerFinancing", "kind": "TransactionType"}),
        ("agent", {"license_number": "MemberStateLicense"}),
    ],
)
def test_reso_names(registry, type_, names):
    fields = registry.by_name[type_].fields
    assert {name: fields[name].reso for name in names} == names


def test_listings_have_the_eleven_statuses_and_nothing_leaves_a_sale(registry):
    stage = registry.by_name["listing"].status
    assert stage is not None
    assert set(stage.options) == {
        "active",
        "active_under_contract",
        "canceled",
        "closed",
        "coming_soon",
        "delete",
        "expired",
        "hold",
        "incomplete",
        "pending",
        "withdrawn",
    }
    assert stage.moves["closed"] == frozenset()
    assert set(stage.moves) == set(stage.options)


def test_what_must_never_be_stale_is_never_cached(registry):
    uncached = {d.name for d in registry if d.cache_seconds is None}
    assert {"escrow", "purchase", "user_card"} <= uncached


def test_students_keep_what_is_restricted_from_those_who_do_not_advise(registry):
    access = registry.by_name["student"].access
    for role in ("front_desk", "recruiter_relations"):
        assert {"accommodations", "veteran", "pell_eligible"} <= access[role].hide
    assert not access["counselor"].hide
