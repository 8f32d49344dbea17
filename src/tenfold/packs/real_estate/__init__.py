"""Real estate: clients, leads, listings, escrows, appointments."""

from tenfold.packs.real_estate.agent import Agent
from tenfold.packs.real_estate.appointment import Appointment, OpenHouse
from tenfold.packs.real_estate.buyer_agreement import BuyerAgreement
from tenfold.packs.real_estate.client import Client
from tenfold.packs.real_estate.escrow import Escrow
from tenfold.packs.real_estate.lead import Lead
from tenfold.packs.real_estate.listing import Listing

RECORDS = (
    Client,
    Lead,
    Listing,
    Escrow,
    Appointment,
    OpenHouse,
    BuyerAgreement,
    Agent,
)
