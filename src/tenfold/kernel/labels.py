"""Names of fields and choices as people read them, where a declaration gives no label."""

from __future__ import annotations

import re
from functools import lru_cache

_AS_WRITTEN = """ABN API BIC CEO CFO CIP CMA CRM CSV CTO CV DBA DOB EAN EIN EMD ETA FAQ FERPA FHA
    GDPR GPA GPS GTIN HOA HR HTML HUD IBAN ID IP ISBN ISSN JSON KPI LLC LTV MBA MLS MRR NDA NPS PDF
    QR RFP ROI RSVP SEO SIC SKU SLA SMS SSN UK UPC URL USA USD USDA UUID VA VAT VIN VIP
    GitHub HubSpot LinkedIn PayPal SentriLock WhatsApp YouTube"""
_WRITTEN = {word.lower(): word for word in _AS_WRITTEN.split()} | {
    "fha203b": "FHA 203(b)",
    "fha203k": "FHA 203(k)",
}
_JOINED = re.compile(
    r"\b(?:co (?=agent|op\b)|(?:opt|drop|walk|sign) (?=in\b)|opt (?=out\b)|walk (?=through\b)"
    r"|follow (?=up\b)|(?:no) (?=show\b)|(?:full|part) (?=time\b)"
    r"|(?:non|multi|semi|pre|twenty four) (?=\w))"
)
_TOGETHER = re.compile(r"\bpre(?=approv)")
_SPAN = re.compile(r"\b(\d+) (\d+)\b|(?<=than )(\d+)\b")
_ENDS = {"min": "minimum", "max": "maximum"}


@lru_cache(maxsize=8_192)
def label_of(name: str) -> str:
    """`sms_consent` → SMS consent, `co_agent` → Co-agent, `6_12_months` with a dash between."""
    parts = name.removeprefix("is_").split("_")
    if parts[-1] in _ENDS and len(parts) > 1:
        parts = [_ENDS[parts[-1]], *parts[:-1]]
    text = _JOINED.sub(lambda found: f"{found[0].rstrip().replace(' ', '-')}-", " ".join(parts))
    text = _SPAN.sub(_span, _TOGETHER.sub("pre-", text))
    words = [_WRITTEN.get(word, word) for word in text.split(" ")]
    first = words[0]
    return " ".join([first[:1].upper() + first[1:], *words[1:]])


def role_label(role: str) -> str:
    """`team_lead` → Team lead; what people call a role, in English."""
    text = role.replace("_", " ").replace("-", " ")
    return "Read-only" if role == "read-only" else text[:1].upper() + text[1:]


def _span(found: re.Match[str]) -> str:
    """`201 1000` with a dash between; thousands separated there and after `than`."""
    return "\u2013".join(f"{int(number):,}" for number in found.groups() if number)
