"""Real estate: clients, leads, listings, escrows, appointments."""

from tenfold.packs.real_estate.lead import Lead

RECORDS = (Lead,)
