"""The field types."""

from tenfold.engine.types.base import COMPARE, EQUAL, Column, Columns, FieldType, Locale, Refused
from tenfold.engine.types.choice import Choice, Choices, Shown, Stage, Tags
from tenfold.engine.types.contact import Address, Email, Phone, Url
from tenfold.engine.types.dates import Date, DateTime
from tenfold.engine.types.links import AnyRef, File, Many, Ref, User
from tenfold.engine.types.numbers import Boolean, Decimal, Integer, Money
from tenfold.engine.types.other import Computed, Generated, Json, Rollup, Secret
from tenfold.engine.types.text import LongText, RichText, Text, TimeZone

__all__ = [
    "COMPARE",
    "EQUAL",
    "Address",
    "AnyRef",
    "Boolean",
    "Choice",
    "Choices",
    "Column",
    "Columns",
    "Computed",
    "Date",
    "DateTime",
    "Decimal",
    "Email",
    "FieldType",
    "File",
    "Generated",
    "Integer",
    "Json",
    "Locale",
    "LongText",
    "Many",
    "Money",
    "Phone",
    "Ref",
    "Refused",
    "RichText",
    "Rollup",
    "Secret",
    "Shown",
    "Stage",
    "Tags",
    "Text",
    "TimeZone",
    "Url",
    "User",
]
