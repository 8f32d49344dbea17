"""Properties offered for sale or lease, named as the RESO Data Dictionary names them."""

from __future__ import annotations

from datetime import date, datetime

from tenfold.engine.declare import (
    ALL,
    OWN,
    TEAM,
    Record,
    can,
    computed,
    field,
    generated,
    index,
    pipeline,
    relation,
    rollup,
)
from tenfold.engine.types import Address, Decimal, LongText, Money, Ref, Secret, Tags, Url
from tenfold.packs.real_estate.listing_words import (
    MOVES,
    AreaUnits,
    Concessions,
    FeeFrequency,
    ListingAgreement,
    ListingService,
    ListingStatus,
    LockBoxType,
    Occupant,
    PropertySubType,
    PropertyType,
    ShowingRequirement,
    SpecialCondition,
)

# Both are whole numbers of hundredths: cents, and hundredths of an area; a square metre is
# 10.7639 square feet.
_PER_SQFT = """round(list_price * 100.0 / nullif(living_area, 0)
    / CASE living_area_units WHEN 'square_meters' THEN 10.7639 ELSE 1 END)::bigint"""
# The clock stops when the listing goes under contract, is sold or taken off the market.
_DAYS = """greatest(coalesce(least({t}.purchase_contract_date, {t}.off_market_date, {t}.close_date,
    {t}.cancellation_date, {t}.withdrawn_date), {today})
    - coalesce({t}.on_market_date, {t}.listing_contract_date), 0)"""
_STARTED = "coalesce({t}.on_market_date, {t}.listing_contract_date) IS NOT NULL"
_DAYS_ON_MARKET = f"CASE WHEN {_STARTED} THEN {_DAYS} END"
_CUMULATIVE = f"CASE WHEN {_STARTED} THEN {_DAYS} + {{t}}.earlier_days_on_market END"


class Listing(
    Record, plural="listings", icon="house", guide="Put in the first property that is for sale."
):
    """A property offered for sale or lease (RESO Property)."""

    address: Address = field(search="A", title=True, reso="UnparsedAddress")
    status: ListingStatus = pipeline(
        default=ListingStatus.ACTIVE,
        reso="StandardStatus",
        moves=MOVES,
        labels={"delete": "To be deleted"},
    )
    list_price: Money = field(min=0, sort=True, filter=True, reso="ListPrice")
    price_per_sqft: Money | None = generated(
        _PER_SQFT, label="Price per sq ft", help="The list price by living area in square feet."
    )
    listing_id: str | None = field(
        search="B", filter=True, label="MLS number", max_length=100, reso="ListingId"
    )
    mls_status: str | None = field(max_length=100, label="MLS status", reso="MlsStatus")
    property_type: PropertyType = field(
        default=PropertyType.RESIDENTIAL, filter=True, reso="PropertyType"
    )
    property_sub_type: PropertySubType | None = field(filter=True, reso="PropertySubType")
    agent: Ref | None = relation(
        "agent", back="listings", on_delete="clear", reso="ListAgentKey", aliases=["broker"]
    )
    co_agent: Ref | None = relation(
        "agent", back="co_listings", on_delete="clear", reso="CoListAgentKey"
    )
    seller: Ref | None = relation("client", back="listings", help="Who sells or lets.")

    original_list_price: Money | None = field(min=0, section="Price", reso="OriginalListPrice")
    previous_list_price: Money | None = field(min=0, section="Price", reso="PreviousListPrice")
    close_price: Money | None = field(min=0, section="Price", reso="ClosePrice")
    concessions: Concessions | None = field(section="Price", reso="Concessions")
    concessions_amount: Money | None = field(min=0, section="Price", reso="ConcessionsAmount")

    bedrooms_total: int | None = field(
        min=0, max=1000, filter=True, section="Home", reso="BedroomsTotal", aliases=["beds"]
    )
    bathrooms_total: Decimal | None = field(
        min=0, max=1000, places=1, section="Home", aliases=["baths"], help="A half bath counts 0.5."
    )
    bathrooms_total_integer: int | None = generated(
        "ceil(bathrooms_total / 10.0)::bigint",
        label="Bathrooms, rounded up",
        reso="BathroomsTotalInteger",
        help="Baths, a half bath counted as one.",
    )
    bathrooms_full: int | None = field(min=0, max=1000, section="Home", reso="BathroomsFull")
    bathrooms_half: int | None = field(min=0, max=1000, section="Home", reso="BathroomsHalf")
    living_area: Decimal | None = field(
        min=0,
        sort=True,
        section="Home",
        reso="LivingArea",
        aliases=["sqft"],
        unit="living_area_units",
    )
    living_area_units: AreaUnits = field(
        default=AreaUnits.SQUARE_FEET, section="Home", reso="LivingAreaUnits"
    )
    lot_size_square_feet: Decimal | None = field(
        min=0, section="Home", reso="LotSizeSquareFeet", unit="square_feet"
    )
    year_built: int | None = field(min=1000, max=2200, section="Home", reso="YearBuilt")
    stories: int | None = field(min=0, max=300, section="Home", reso="Stories")
    garage_spaces: int | None = field(min=0, max=1000, section="Home", reso="GarageSpaces")
    pool: bool | None = field(section="Home", reso="PoolPrivateYN")
    waterfront: bool | None = field(section="Home", reso="WaterfrontYN")
    new_construction: bool | None = field(section="Home", reso="NewConstructionYN")
    view: Tags | None = field(section="Home", reso="View")
    heating: Tags | None = field(section="Home", reso="Heating")
    cooling: Tags | None = field(section="Home", reso="Cooling")
    association_fee: Money | None = field(min=0, section="Costs", reso="AssociationFee")
    association_fee_frequency: FeeFrequency | None = field(
        section="Costs", reso="AssociationFeeFrequency"
    )
    tax_annual_amount: Money | None = field(min=0, section="Costs", reso="TaxAnnualAmount")
    tax_year: int | None = field(min=1900, max=2200, section="Costs", reso="TaxYear")

    county: str | None = field(max_length=100, section="Place", reso="CountyOrParish")
    subdivision: str | None = field(
        search="C", max_length=200, section="Place", reso="SubdivisionName"
    )
    parcel_number: str | None = field(
        filter=True, max_length=100, section="Place", reso="ParcelNumber"
    )
    latitude: Decimal | None = field(min=-90, max=90, places=6, section="Place", reso="Latitude")
    longitude: Decimal | None = field(
        min=-180, max=180, places=6, section="Place", reso="Longitude"
    )
    high_school_district: str | None = field(
        max_length=200, section="Place", reso="HighSchoolDistrict"
    )

    listing_contract_date: date | None = field(section="Dates", reso="ListingContractDate")
    on_market_date: date | None = field(sort=True, section="Dates", reso="OnMarketDate")
    purchase_contract_date: date | None = field(section="Dates", reso="PurchaseContractDate")
    close_date: date | None = field(sort=True, section="Dates", reso="CloseDate")
    expiration_date: date | None = field(section="Dates", reso="ExpirationDate")
    cancellation_date: date | None = field(section="Dates", reso="CancellationDate")
    withdrawn_date: date | None = field(section="Dates", reso="WithdrawnDate")
    off_market_date: date | None = field(section="Dates", reso="OffMarketDate")
    status_changed_at: datetime | None = field(section="Dates", reso="StatusChangeTimestamp")
    days_on_market: int | None = computed(_DAYS_ON_MARKET, reso="DaysOnMarket")
    earlier_days_on_market: int = field(
        default=0, min=0, max=100_000, section="Dates", help="Days under earlier listings."
    )
    cumulative_days_on_market: int | None = computed(_CUMULATIVE, reso="CumulativeDaysOnMarket")

    listing_agreement: ListingAgreement | None = field(section="Contract", reso="ListingAgreement")
    listing_service: ListingService | None = field(section="Contract", reso="ListingService")
    special_conditions: set[SpecialCondition] | None = field(
        section="Contract", reso="SpecialListingConditions"
    )
    occupant: Occupant | None = field(section="Showing", reso="OccupantType")
    showing_requirements: set[ShowingRequirement] | None = field(
        section="Showing",
        reso="ShowingRequirements",
        labels={"twenty_four_hour_notice": "24-hour notice"},
    )
    showing_instructions: LongText | None = field(section="Showing", reso="ShowingInstructions")
    lock_box_type: LockBoxType | None = field(section="Showing", reso="LockBoxType")
    lock_box_serial_number: str | None = field(
        max_length=100, section="Showing", reso="LockBoxSerialNumber"
    )
    lockbox_code: Secret | None = field(
        section="Showing", max_length=100, help="Opens the key safe; who sees it is noted."
    )
    public_remarks: LongText | None = field(
        search="D", section="Marketing", reso="PublicRemarks", aliases=["description"]
    )
    private_remarks: LongText | None = field(
        search="D", private=True, section="Marketing", reso="PrivateRemarks"
    )
    photo: Url | None = field(section="Marketing", aliases=["picture", "thumbnail"])
    virtual_tour: Url | None = field(section="Marketing", reso="VirtualTourURLUnbranded")
    tags: Tags | None = field()
    escrow_count: int = rollup("escrows", label="Escrows")

    indexes = [
        index("owner", "status", "-created_at"),
        index("status", "owner"),
        index("status", "list_price"),
    ]
    access = {
        "agent": can(read=TEAM, create=True, update=OWN, delete=OWN),
        "team_lead": can(read=TEAM, create=True, update=TEAM, delete=TEAM, reveal={"lockbox_code"}),
        "coordinator": can(read=ALL, create=True, update=ALL),
        "broker": can(read=ALL, create=True, update=ALL, delete=ALL, reveal={"lockbox_code"}),
    }
