"""What every operation of the published document shares: errors, headers, parameters, answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenfold.engine.types.base import Schema

JSON = "application/json"

# Every code that an error may carry: its HTTP status, and what it means to a caller.
CODES: Mapping[str, tuple[int, str]] = {
    "BAD_REQUEST": (400, "The request can't be read."),
    "UNKNOWN_HOST": (400, "The installation is not known by this name."),
    "HTTPS_REQUIRED": (400, "Nothing is taken by http; ask the public address by https."),
    "INVALID_JSON": (400, "The body is not a JSON object."),
    "MISSING_FIELDS": (400, "Required fields were not given; `fields` names them."),
    "INVALID_FIELDS": (400, "Values can't be accepted; `fields` says which and why."),
    "UNKNOWN_FIELD": (400, "There is no such field, or you may not see it."),
    "NO_TOKEN": (401, "No access token was sent."),
    "INVALID_TOKEN": (401, "The access token is forged, expired or its session has ended."),
    "NOT_LINKED": (401, "The outside issuer's token is good, but linked to no account here."),
    "INVALID_CREDENTIALS": (401, "E-mail and password don't match."),
    "INVALID_CODE": (401, "The second factor is wrong, or was used before."),
    "NO_REFRESH_TOKEN": (401, "The cookie with the refresh token is missing."),
    "FORBIDDEN": (403, "Your role does not allow it."),
    "MFA_REQUIRED": (403, "Set up a second factor first; see /v1/auth/totp and /v1/auth/passkeys."),
    "STEP_UP_REQUIRED": (403, "Prove anew who you are first; see /v1/auth/step-up."),
    "EMAIL_NOT_VERIFIED": (403, "Somebody's e-mail address must be confirmed first."),
    "ADDRESS_NOT_ALLOWED": (403, "The organisation is not administered from this address."),
    "WRONG_ORIGIN": (403, "Another site's page asked, which the cookie must not serve."),
    "NOT_FOUND": (404, "It does not exist, or it is not yours to see."),
    "METHOD_NOT_ALLOWED": (405, "The address does not take this method; see Allow."),
    "CONFLICT": (409, "It collides with what is stored."),
    "DUPLICATE": (409, "Another record has this unique value."),
    "EMAIL_TAKEN": (409, "Somebody has an account with this e-mail address."),
    "LAST_WAY_IN": (409, "Nothing would let you into your account any more."),
    "NO_SECOND_FACTOR": (409, "Set up a second factor first."),
    "LAST_OWNER": (409, "The organisation would be left without an owner."),
    "IN_USE": (409, "Others still depend on it; change those first."),
    "TOO_MANY": (409, "There are as many as there may be."),
    "MOVE_NOT_ALLOWED": (409, "The record can't go from its stage to that one."),
    "KEY_OVER": (409, "The API key was rotated, revoked, or has expired."),
    "UNDONE": (409, "It has been undone already."),
    "NOT_FINISHED": (409, "It is still being worked on."),
    "IN_FLIGHT": (409, "A request with this Idempotency-Key is still being worked on."),
    "SECRET_UNREADABLE": (409, "The secret does not open: it was damaged, or its key is lost."),
    "SECRET_ERASED": (410, "The secret's key was erased, so nobody can open it any more."),
    "VERSION_MISMATCH": (412, "Somebody changed the record since you read it."),
    "TOO_LARGE": (413, "The body is larger than is accepted."),
    "UNSUPPORTED_MEDIA_TYPE": (415, "The body is of a kind that is not taken here."),
    "IDEMPOTENCY_KEY_REUSED": (422, "This Idempotency-Key came with another request before."),
    "ACCOUNT_LOCKED": (423, "The account is locked for a while after failed sign-ins."),
    "RATE_LIMITED": (429, "Too many requests; see Retry-After."),
    "INTERNAL": (500, "Something went wrong in Tenfold; it has been noted."),
    "KEYS_UNAVAILABLE": (503, "The keys of your organisation's secrets can't be opened just now."),
    "UNAVAILABLE": (503, "A needed part does not answer, or is busy, just now; see Retry-After."),
}

_NAMES: Mapping[int, tuple[str, str]] = {
    400: ("BadRequest", "The request can't be accepted"),
    401: ("Unauthenticated", "Nobody is signed in"),
    403: ("Forbidden", "Not allowed"),
    404: ("NotFound", "There is no such thing"),
    409: ("Conflict", "It collides with what is stored"),
    410: ("Gone", "It was there and can't be had any more"),
    412: ("Lost", "The record was changed meanwhile"),
    413: ("TooLarge", "The body is too large"),
    415: ("WrongMedia", "The body is of a kind that is not taken here"),
    422: ("KeyReused", "The Idempotency-Key was used for something else"),
    423: ("Locked", "The account is locked"),
    429: ("TooMany", "Too many requests"),
    500: ("Failed", "Something went wrong in Tenfold"),
    503: ("Unavailable", "Try again shortly"),
}

HEADERS: Mapping[str, Schema] = {
    "ETag": {
        "description": "Changes with the content; send it as If-Match or If-None-Match.",
        "schema": {"type": "string", "pattern": '^(W/)?".+"$'},
    },
    "Location": {
        "description": "Where the new thing is.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "RateLimit": {
        "description": "Requests left (r) and seconds until all are back (t), where a limit is on.",
        "schema": {"type": "string", "examples": ['"person";r=99;t=1']},
    },
    "RateLimit-Policy": {
        "description": "Requests allowed (q) in a window of seconds (w), where a limit is on.",
        "schema": {"type": "string", "examples": ['"person";q=100;w=60']},
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "WWW-Authenticate": {
        "description": "How to sign in.",
        "schema": {"type": "string", "const": "Bearer"},
    },
    "Idempotency-Replayed": {
        "description": "`true` where this is the kept answer of an earlier request.",
        "schema": {"type": "string", "const": "true"},
    },
    "X-Request-Id": {
        "description": "Names this request in our logs; your own X-Request-Id is kept.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
    },
}

PARAMETERS: Mapping[str, Schema] = {
    "RecordId": {
        "name": "record_id",
        "in": "path",
        "required": True,
        "description": "The record's id.",
        "schema": {"type": "string", "format": "uuid"},
    },
    "CustomType": {
        "name": "type",
        "in": "path",
        "required": True,
        "description": "The name of a type that your organisation made; see /v1/types.",
        "schema": {"type": "string", "pattern": "^[a-z][a-z0-9_]{1,38}$"},
    },
    "Limit": {
        "name": "limit",
        "in": "query",
        "description": "Records on a page.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50},
    },
    "LimitEach": {
        "name": "limit",
        "in": "query",
        "description": "Hits of each type.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
    },
    "Words": {
        "name": "q",
        "in": "query",
        "required": True,
        "description": "The words to look for; each may be the beginning of one.",
        "schema": {"type": "string", "minLength": 1, "examples": ["oak park"]},
    },
    "Cursor": {
        "name": "cursor",
        "in": "query",
        "description": "`meta.next_cursor` of the page before, with the same filters and sort.",
        "schema": {"type": "string"},
    },
    "Page": {
        "name": "page",
        "in": "query",
        "description": "A page by its number instead of a cursor; slower the further in it is.",
        "schema": {"type": "integer", "minimum": 1, "maximum": 100_000},
    },
    "Count": {
        "name": "count",
        "in": "query",
        "description": "Whether `meta.count` is worked out: exact up to 1,000, then a bound.",
        "schema": {"$ref": "#/components/schemas/Counting"},
    },
    "Deleted": {
        "name": "deleted",
        "in": "query",
        "description": "Deleted records instead of the live ones.",
        "schema": {"type": "boolean", "default": False},
    },
    "Shared": {
        "name": "shared",
        "in": "query",
        "description": "Only what was shared with you, or with a team of yours.",
        "schema": {"type": "string", "const": "me"},
    },
    "Where": {
        "name": "where",
        "in": "query",
        "description": "Groups of conditions as JSON, beside the others: `any` or `all` of a list "
        "of objects, whose names are those of the filter parameters; an object with several "
        "wants all of them. Groups lie at most 3 deep and hold at most 30 conditions.",
        "schema": {"type": "string", "maxLength": 8000},
        "example": '{"any": [{"created_at[gte]": "2026-01-01T00:00:00Z"}, {"version": 1}]}',
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "The ETag as you read it: refused (412) if it has changed since.",
        "schema": {"type": "string", "pattern": '^(\\*|(W/)?"[0-9]{1,18}(\\.[0-9a-f]*)?")$'},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "The ETag you have: answered with 304 and no body if it is still current.",
        "schema": {"type": "string"},
    },
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "The same key and request within 24 hours have one effect and one answer.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
    },
}


def ref(kind: str, name: str) -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def schema(name: str) -> Schema:
    """A reference to a schema."""
    return ref("schemas", name)


def closed(properties: Schema, required: Iterable[str] | None = None, **more: object) -> Schema:
    """An object with these properties and no others; all required unless said otherwise."""
    needed = list(properties if required is None else required)
    made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**made, **({"required": needed} if needed else {}), **more}


def enveloped(data: Schema, meta: Schema | None = None) -> Schema:
    """`{"success": true, "data": …, "meta": …}`."""
    properties: Schema = {"success": {"const": True}, "data": data}
    return closed({**properties, "meta": meta} if meta else properties)


def nullable(one: Schema) -> Schema:
    """The schema, or null."""
    kind = one.get("type")
    if not one:
        return one
    if "anyOf" in one:
        return {**one, "anyOf": [*one["anyOf"], {"type": "null"}]}
    if isinstance(kind, str) and "enum" not in one:
        return {**one, "type": [kind, "null"]}
    about = {k: one[k] for k in ("description", "default", "readOnly", "x-reso-name") if k in one}
    rest = {k: v for k, v in one.items() if k not in about}
    return {"anyOf": [rest, {"type": "null"}], **about}


def answer(description: str, body: Schema | None, *headers: str) -> Schema:
    """A successful answer in JSON with these headers, or without a body."""
    shown = {name: ref("headers", name) for name in (*headers, *_LIMITED)}
    made: Schema = {"description": description, "headers": shown}
    return {**made, "content": {JSON: {"schema": body}}} if body is not None else made


def refusals(statuses: Iterable[int]) -> Schema:
    """References to the error answers of these statuses."""
    return {str(status): ref("responses", _NAMES[status][0]) for status in sorted(set(statuses))}


def statuses_of(errors: Iterable[str | int]) -> set[int]:
    """The HTTP statuses of error codes; a status stands for itself.

    A code that is not listed here is passed over; a test of the document names it.
    """
    return {
        CODES[error][0] if isinstance(error, str) else error
        for error in errors
        if isinstance(error, int) or error in CODES
    }


def responses() -> Schema:
    """One error answer for each status, with its codes."""
    return {name: _refusal(status, text) for status, (name, text) in _NAMES.items()}


_LIMITED = ("RateLimit", "RateLimit-Policy", "X-Request-Id")
_EXTRA = {
    401: ("WWW-Authenticate",),
    423: ("Retry-After",),
    429: ("RateLimit", "RateLimit-Policy", "Retry-After"),
    503: ("Retry-After",),
}


def _refusal(status: int, text: str) -> Schema:
    codes = {code: why for code, (of, why) in CODES.items() if of == status}
    listed = "\n".join(f"- `{code}`: {why}" for code, why in codes.items())
    headers = {h: ref("headers", h) for h in (*_EXTRA.get(status, ()), "X-Request-Id")}
    example: Schema = {
        "success": False,
        "error": {"code": next(iter(codes)), "message": next(iter(codes.values())), "fields": {}},
    }
    content: Schema = {JSON: {"schema": schema("Error"), "example": example}}
    return {
        "description": f"{text}:\n{listed}",
        "headers": headers,
        "content": content,
        "x-codes": list(codes),
    }


def shared_schemas() -> Schema:
    """The schemas that no record type owns."""
    texts: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
    said: Schema = {
        "code": schema("ErrorCode"),
        "message": {"type": "string", "description": "What happened and what to do, for people."},
        "fields": {**texts, "description": "What is wrong, by the name of the field."},
    }
    count: Schema = {"type": "integer", "minimum": 0}
    refused = {"index": {**count, "description": "Its place in `records`."}, **said}
    return {
        "Error": closed(
            {"success": {"const": False}, "error": schema("ErrorDetail")},
            description="The one shape of every refusal.",
        ),
        "ErrorDetail": closed(said),
        "ErrorCode": {"type": "string", "enum": list(CODES)},
        "Counting": {"type": "string", "enum": ["none", "capped"]},
        "CountKind": {"type": "string", "enum": ["none", "exact", "at_least"]},
        "Currency": {
            "type": "string",
            "pattern": "^[A-Z]{3}$",
            "description": "A currency by its ISO 4217 code.",
            "examples": ["USD"],
        },
        "PageMeta": closed(
            {
                "limit": {"type": "integer", "minimum": 1, "maximum": 100},
                "next_cursor": {
                    "type": ["string", "null"],
                    "description": "Give it as `cursor` for the next page; null on the last.",
                },
                "has_more": {"type": "boolean"},
                "count": {**nullable(count), "description": "How many there are, where known."},
                "count_kind": schema("CountKind"),
                "cached": {"type": "boolean", "description": "Whether the page was kept ready."},
            }
        ),
        "AggregateMeta": closed(
            {"has_more": {"type": "boolean", "description": "Whether smaller groups are left out."}}
        ),
        "RowRefusal": closed(refused, description="A row that was not written, and why."),
        "BulkMeta": closed(
            {
                "written": count,
                "refused": count,
                "errors": {"type": "array", "items": schema("RowRefusal")},
                "batch_id": BATCH,
                "created": {**count, "description": "Of an upsert: how many are new."},
                "updated": {**count, "description": "Of an upsert: how many were there before."},
            },
            ("written", "refused", "errors", "batch_id"),
        ),
        "PairedAnswer": enveloped(
            closed(
                {
                    "added": count,
                    "removed": count,
                    "count": {**count, "description": "How many there are now."},
                    "batch_id": BATCH,
                }
            )
        ),
        "Ids": closed(
            {
                "ids": {
                    "type": "array",
                    "items": {"type": "string", "format": "uuid"},
                    "maxItems": 1_000,
                }
            }
        ),
        "BulkDelete": closed(
            {
                "records": {
                    "type": "array",
                    "maxItems": 10_000,
                    "items": closed({"id": {"type": "string", "format": "uuid"}}),
                },
                "atomic": ATOMIC,
            },
            ("records",),
        ),
    }


BATCH: Schema = {
    "type": ["string", "null"],
    "format": "uuid",
    "description": "The batch that can be undone; null where nothing was written.",
}
ATOMIC: Schema = {
    "type": "boolean",
    "default": True,
    "description": "All or nothing; false writes row by row and reports the refused ones (207).",
}
