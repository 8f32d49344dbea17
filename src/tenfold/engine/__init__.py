"""The engine: record types are declared, compiled once, and all else is projected from that."""
