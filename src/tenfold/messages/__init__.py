"""What an organisation writes to people, what comes back, and what its own people are told."""

from tenfold.messages.machine import Messages

__all__ = ["Messages"]
