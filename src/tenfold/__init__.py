"""Tenfold: an open-source, multi-tenant CRM on PostgreSQL."""

__version__ = "0.1.0"
