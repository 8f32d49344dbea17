"""The choices of a listing, in the words of the RESO Data Dictionary."""

from __future__ import annotations

from enum import StrEnum


class ListingStatus(StrEnum):
    """Where a listing stands (RESO StandardStatus)."""

    COMING_SOON = "coming_soon"
    ACTIVE = "active"
    ACTIVE_UNDER_CONTRACT = "active_under_contract"
    PENDING = "pending"
    CLOSED = "closed"
    HOLD = "hold"
    WITHDRAWN = "withdrawn"
    CANCELED = "canceled"
    EXPIRED = "expired"
    INCOMPLETE = "incomplete"
    DELETE = "delete"


class PropertyType(StrEnum):
    """What is sold or let (RESO PropertyType)."""

    RESIDENTIAL = "residential"
    RESIDENTIAL_LEASE = "residential_lease"
    RESIDENTIAL_INCOME = "residential_income"
    LAND = "land"
    MANUFACTURED_IN_PARK = "manufactured_in_park"
    COMMERCIAL_SALE = "commercial_sale"
    COMMERCIAL_LEASE = "commercial_lease"
    COMMERCIAL_REAL_ESTATE = "commercial_real_estate"
    BUSINESS_OPPORTUNITY = "business_opportunity"
    FARM = "farm"


class PropertySubType(StrEnum):
    """What kind of building or land it is (RESO PropertySubType)."""

    SINGLE_FAMILY_RESIDENCE = "single_family_residence"
    CONDOMINIUM = "condominium"
    TOWNHOUSE = "townhouse"
    DUPLEX = "duplex"
    TRIPLEX = "triplex"
    QUADRUPLEX = "quadruplex"
    APARTMENT = "apartment"
    MULTI_FAMILY = "multi_family"
    MANUFACTURED_HOME = "manufactured_home"
    MOBILE_HOME = "mobile_home"
    STOCK_COOPERATIVE = "stock_cooperative"
    TENANCY_IN_COMMON = "tenancy_in_common"
    TIMESHARE = "timeshare"
    CABIN = "cabin"
    RANCH = "ranch"
    FARM = "farm"
    UNIMPROVED_LAND = "unimproved_land"
    MIXED_USE = "mixed_use"
    OFFICE = "office"
    RETAIL = "retail"
    INDUSTRIAL = "industrial"
    WAREHOUSE = "warehouse"


class AreaUnits(StrEnum):
    """What a living area is measured in (RESO AreaUnits)."""

    SQUARE_FEET = "square_feet"
    SQUARE_METERS = "square_meters"


class ListingAgreement(StrEnum):
    """What the seller agreed to (RESO ListingAgreement)."""

    EXCLUSIVE_RIGHT_TO_SELL = "exclusive_right_to_sell"
    EXCLUSIVE_AGENCY = "exclusive_agency"
    EXCLUSIVE_RIGHT_TO_LEASE = "exclusive_right_to_lease"
    EXCLUSIVE_RIGHT_WITH_EXCEPTION = "exclusive_right_with_exception"
    OPEN = "open"
    NET = "net"
    PROBATE = "probate"


class ListingService(StrEnum):
    """How much the brokerage does (RESO ListingService)."""

    FULL_SERVICE = "full_service"
    LIMITED_SERVICE = "limited_service"
    ENTRY_ONLY = "entry_only"


class SpecialCondition(StrEnum):
    """What is unusual about the sale (RESO SpecialListingConditions)."""

    STANDARD = "standard"
    SHORT_SALE = "short_sale"
    PROBATE_LISTING = "probate_listing"
    REAL_ESTATE_OWNED = "real_estate_owned"
    HUD_OWNED = "hud_owned"
    IN_FORECLOSURE = "in_foreclosure"
    NOTICE_OF_DEFAULT = "notice_of_default"
    BANKRUPTCY_PROPERTY = "bankruptcy_property"
    CONSERVATORSHIP = "conservatorship"
    AUCTION = "auction"
    TRUST = "trust"
    THIRD_PARTY_APPROVAL = "third_party_approval"


class Occupant(StrEnum):
    """Who lives there now (RESO OccupantType)."""

    OWNER = "owner"
    TENANT = "tenant"
    VACANT = "vacant"


class ShowingRequirement(StrEnum):
    """What a visit needs (RESO ShowingRequirements)."""

    APPOINTMENT_ONLY = "appointment_only"
    CALL_LISTING_AGENT = "call_listing_agent"
    CALL_OWNER = "call_owner"
    LOCKBOX = "lockbox"
    TWENTY_FOUR_HOUR_NOTICE = "twenty_four_hour_notice"
    PET_ON_PREMISES = "pet_on_premises"
    OCCUPIED = "occupied"


class LockBoxType(StrEnum):
    """The key safe at the door (RESO LockBoxType)."""

    SUPRA = "supra"
    SENTRILOCK = "sentrilock"
    COMBO = "combo"
    CALL_LISTING_OFFICE = "call_listing_office"
    OTHER = "other"
    NONE = "none"


class Concessions(StrEnum):
    """Whether the seller gives something to the buyer (RESO Concessions)."""

    YES = "yes"
    NO = "no"
    CALL_LISTING_AGENT = "call_listing_agent"


class FeeFrequency(StrEnum):
    """How often a fee is due (RESO FeeFrequency)."""

    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUALLY = "semi_annually"
    ANNUALLY = "annually"


_S = ListingStatus
# From which status to which; an ended listing comes back only as a new one, except after a hold.
MOVES = {
    _S.INCOMPLETE: {_S.COMING_SOON, _S.ACTIVE, _S.CANCELED, _S.DELETE},
    _S.COMING_SOON: {_S.ACTIVE, _S.HOLD, _S.WITHDRAWN, _S.CANCELED, _S.DELETE},
    _S.ACTIVE: {
        _S.ACTIVE_UNDER_CONTRACT,
        _S.PENDING,
        _S.CLOSED,
        _S.HOLD,
        _S.WITHDRAWN,
        _S.CANCELED,
        _S.EXPIRED,
        _S.DELETE,
    },
    _S.ACTIVE_UNDER_CONTRACT: {_S.ACTIVE, _S.PENDING, _S.CLOSED, _S.WITHDRAWN, _S.CANCELED},
    _S.PENDING: {_S.ACTIVE, _S.ACTIVE_UNDER_CONTRACT, _S.CLOSED, _S.WITHDRAWN, _S.CANCELED},
    _S.HOLD: {_S.ACTIVE, _S.COMING_SOON, _S.WITHDRAWN, _S.CANCELED, _S.EXPIRED},
    _S.WITHDRAWN: {_S.ACTIVE, _S.CANCELED, _S.EXPIRED},
    _S.EXPIRED: {_S.ACTIVE, _S.DELETE},
    _S.CANCELED: {_S.DELETE},
    _S.CLOSED: set[_S](),
    _S.DELETE: set[_S](),
}
