"""The few named errors of Tenfold; each knows its HTTP status and code."""

from __future__ import annotations

from collections.abc import Mapping


class TenfoldError(Exception):
    """A refusal that a person may read: what happened, and what to do."""

    status = 500
    code = "INTERNAL"
    row: int | None = None
    """Which row of a request with several it is about."""

    def __init__(
        self, message: str, *, code: str | None = None, fields: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})
        """Messages by field name; empty for most errors."""
        if code:
            self.code = code

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers that must go with the answer."""
        return {}


class Invalid(TenfoldError):
    """The request's content can't be accepted; names each field and the fix."""

    status = 400
    code = "INVALID_FIELDS"

    def __init__(self, fields: Mapping[str, str], message: str = "", *, code: str = "") -> None:
        super().__init__(message or _summary(fields), code=code, fields=fields)


class MissingFields(Invalid):
    """Required fields were not given."""

    code = "MISSING_FIELDS"


class UnknownField(Invalid):
    """A field was named that this type doesn't have, or that the person may not see."""

    code = "UNKNOWN_FIELD"


class BadRequest(TenfoldError):
    """The request as a whole can't be read."""

    status = 400
    code = "BAD_REQUEST"


class Unauthenticated(TenfoldError):
    """Nobody is signed in, or the token is no good."""

    status = 401
    code = "INVALID_TOKEN"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(TenfoldError):
    """The person may not do this, though they may see that it exists."""

    status = 403
    code = "FORBIDDEN"


class NotFound(TenfoldError):
    """There is no such thing, or it is not theirs to see; the two are never told apart."""

    status = 404
    code = "NOT_FOUND"


class WrongMethod(TenfoldError):
    """The address is right, but it does not take this method; the answer names those it takes."""

    status = 405
    code = "METHOD_NOT_ALLOWED"

    def __init__(self, message: str, *, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Allow": self.allowed}


class Conflict(TenfoldError):
    """The change collides with what is stored: a taken key, or a move that isn't allowed."""

    status = 409
    code = "CONFLICT"


class Lost(TenfoldError):
    """Somebody else changed the record since it was read (HTTP 412)."""

    status = 412
    code = "VERSION_MISMATCH"


class TooLarge(TenfoldError):
    """The request's body is larger than is accepted."""

    status = 413
    code = "TOO_LARGE"


class WrongMedia(TenfoldError):
    """The request's body is of a kind that the address does not take."""

    status = 415
    code = "UNSUPPORTED_MEDIA_TYPE"


class KeyReused(TenfoldError):
    """An idempotency key came back with another request."""

    status = 422
    code = "IDEMPOTENCY_KEY_REUSED"


class Locked(TenfoldError):
    """The account is locked for a while after failed sign-ins."""

    status = 423
    code = "ACCOUNT_LOCKED"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class TooMany(TenfoldError):
    """More requests than the limit allows; says when to come back."""

    status = 429
    code = "RATE_LIMITED"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after)}


class Unavailable(TenfoldError):
    """A part that is needed does not answer now."""

    status = 503
    code = "UNAVAILABLE"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": "5"}


def _summary(fields: Mapping[str, str]) -> str:
    if not fields:
        return "The request is not valid."
    name, reason = next(iter(fields.items()))
    more = f" ({len(fields) - 1} more)" if len(fields) > 1 else ""
    return f"{name}: {reason}{more}"
