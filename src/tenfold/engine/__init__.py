"""The engine: record types are declared, compiled once, and everything else is projected from that."""
