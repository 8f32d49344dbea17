"""Every setting of an installation in one frozen struct, read once where the program starts."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from tenfold.kernel.errors import TenfoldError
from tenfold.kernel.money import CURRENCIES
from tenfold.kernel.providers import read_issuers, read_providers
from tenfold.kernel.secret_settings import LastingSecret, Secret, is_lasting, is_secret

READY_MADE = ("google", "github", "linkedin")
"""Providers that need no more than what they know this installation by."""
PROVIDER_SECRETS = (
    "oidc_providers",
    "outside_issuers",
    *(f"{name}_client_secret" for name in READY_MADE),
)
"""Secret settings of which providers and issuers are made."""


class SettingError(TenfoldError):
    """A setting can't be used; the message names it and says what it takes."""

    code = "BAD_SETTING"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What can be set from outside; the environment's name is that of the field, upper-case.

    All but `PORT`, `HOST` and `DATABASE_URL` carry the prefix `TENFOLD_`.
    """

    home: str = ""
    """Folder of this installation's data: database, files, keys, logs; empty: `.tenfold` here."""
    host: str = "127.0.0.1"
    """Address that the server listens on."""
    port: int = 8000
    """Port that the server listens on."""
    public_url: str = ""
    """Address people use, with scheme; empty: http://HOST:PORT."""
    hosts: str = ""
    """Further names that people may reach this installation by, separated by commas."""
    trusted_proxies: str = ""
    """Networks of proxies whose X-Forwarded-* is believed, with commas; `unix`: by a socket."""
    cors_origins: str = ""
    """Origins of other sites' pages that may call the API, like https://app.example.com, …."""
    hsts_subdomains: bool = False
    """Whether browsers shall use https for all names below the public address's, too."""
    database_url: Secret = ""
    """PostgreSQL 15+ to use, as a role that may create roles; empty: the embedded server."""
    app_database_url: Secret = ""
    """The same database as the role without rights over tables; empty: made from DATABASE_URL."""
    tail_database_url: Secret = ""
    """The same database as the role that reads the change log; empty: made from DATABASE_URL."""
    master_key: LastingSecret = ""
    """64 hex digits from which all other keys are made; empty: made once and kept in the home."""
    secrets_from: str = ""
    """Where secret settings are read: file://, vault://, infisical:// or aws://, see how-to."""
    secrets_refresh_seconds: float = 300.0
    """How many seconds until the secrets are read there again."""
    role_prefix: str = "tenfold"
    """Prefix of the database roles, so that installations on one server do not share them."""
    pool_min: int = 2
    """Database connections that each server process keeps open."""
    pool_max: int = 20
    """Database connections that each server process may open: five, more while these are stuck."""
    pool_idle_seconds: float = 30.0
    """After how many seconds an unused database connection is closed."""
    pool_connect_seconds: float = 2.0
    """How many seconds a new database connection may take."""
    statement_seconds: float = 5.0
    """How many seconds one statement of a request may take."""
    workers: int = 0
    """Server processes; 0: one per core."""
    backpressure: int = 16_384
    """Connections that one server process accepts at once."""
    job_concurrency: int = 4
    """Jobs that one worker process runs at once."""
    rate_per_minute: int = 100
    """Requests a minute for one signed-in person, unless their organisation says; 0: no limit."""
    search_per_minute: int = 300
    """Searches a minute as one person types, counted apart from other requests; 0: no limit."""
    rate_anonymous: int = 300
    """Requests per 15 minutes for one address of which nobody is signed in; 0: no limit."""
    sign_in_per_minute: int = 20
    """Sign-ins and registrations a minute for one address; 0: no limit."""
    limits_url: Secret = ""
    """Where requests are counted: empty: on this machine; postgresql:, redis://… or rediss://…."""
    body_limit: int = 10_485_760
    """Bytes that a request's body may have."""
    import_bytes: int = 268_435_456
    """Bytes that a file to import may have in a form; as JSON it keeps to the body's limit."""
    page_cache_bytes: int = 67_108_864
    """Bytes of finished pages that each server process may keep; 0: none."""
    access_token_seconds: int = 900
    """How long an access token is good for."""
    refresh_token_days: int = 7
    """How long a refresh token is good for."""
    refresh_grace_seconds: float = 10.0
    """How long a client that lost the answer to a refresh may ask again with the old token."""
    session_days: int = 30
    """How long somebody stays signed in at most, however often they come."""
    mail_url: Secret = ""
    """Who carries mail: smtp://user:password@host:587, smtps://…, a service; empty: the outbox."""
    sms_url: Secret = ""
    """Who carries text messages: twilio://ACCOUNT:TOKEN@api.twilio.com?from=+1…; or the outbox."""
    mail_events_key: Secret = ""
    """What the mail service signs its events with: Resend's whsec_…, SendGrid's public key."""
    reply_domain: str = ""
    """Domain whose mail is handed to this installation, so that replies find their record."""
    mail_from: str = "Tenfold <tenfold@localhost>"
    """Sender of mail."""
    alert_mail: str = ""
    """Address of whoever runs this installation, told of attacks; empty: nobody."""
    breached_passwords: str = ""
    """File of breached passwords' SHA-1, sorted, as haveibeenpwned.com gives it; empty: none."""
    default_region: str = "US"
    """Region of a telephone number without country code (ISO 3166)."""
    default_currency: str = "USD"
    """Currency of an amount that names none (ISO 4217)."""
    log_level: str = "INFO"
    """Least level that is logged: DEBUG, INFO, WARNING, ERROR."""
    outside_networks: str = ""
    """Private ranges that outgoing calls may reach, like `10.1.2.0/24, fd00::/64`; empty: none."""
    oidc_providers: Secret = ""
    """Providers to sign in with, as JSON; see docs/how-to/sign-in-with-a-provider.md."""
    google_client_id: str = ""
    """What Google knows this installation by, so that people sign in with it; empty: they don't."""
    google_client_secret: Secret = ""
    """The secret that Google gave with it."""
    github_client_id: str = ""
    """The same at GitHub."""
    github_client_secret: Secret = ""
    """The secret that GitHub gave with it."""
    github_url: str = "https://github.com"
    """Address of GitHub, or of a GitHub Enterprise Server."""
    linkedin_client_id: str = ""
    """The same at LinkedIn."""
    linkedin_client_secret: Secret = ""
    """The secret that LinkedIn gave with it."""
    outside_issuers: Secret = ""
    """Issuers whose access tokens are good here, as JSON; see the same page of docs/how-to."""
    provider_seconds: float = 2.0
    """How many seconds a request may wait for providers and issuers."""
    demo: bool = True
    """Whether `tenfold up` makes the demo organisation; never with TENFOLD_PUBLIC_URL."""

    def __repr__(self) -> str:
        """All settings; of the secret ones only whether they are set."""
        shown: list[str] = []
        for field in msgspec.structs.fields(self):
            value = getattr(self, field.name)
            shown.append(
                f"{field.name}={'***' if is_secret(field.type) and value else repr(value)}"
            )
        return f"Settings({', '.join(shown)})"

    @property
    def folder(self) -> Path:
        """The data folder as an absolute path."""
        return Path(self.home).expanduser().absolute()

    @property
    def address(self) -> str:
        """The public address without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")


def listed(text: str) -> tuple[str, ...]:
    """What a setting lists, separated by commas."""
    return tuple(one for part in text.split(",") if (one := part.strip()))


_PREFIX = "TENFOLD_"
_PLAIN = {"host", "port", "database_url"}


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return field.upper() if field in _PLAIN else f"{_PREFIX}{field.upper()}"


def secret_names() -> tuple[str, ...]:
    """The secret settings."""
    return tuple(f.name for f in msgspec.structs.fields(Settings) if is_secret(f.type))


def lasting_names() -> tuple[str, ...]:
    """Those of the secret settings of which a change takes a restart."""
    return tuple(f.name for f in msgspec.structs.fields(Settings) if is_lasting(f.type))


def named_secrets(found: Mapping[str, str]) -> dict[str, str]:
    """The secret settings of what is called like them or their variables, in any case."""
    names = {name: name for name in secret_names()}
    names |= {variable(name).lower(): name for name in names}
    given = {name.lower().strip(): value for name, value in found.items()}
    return {names[name]: value for name, value in given.items() if value and name in names}


def with_secrets(settings: Settings, values: Mapping[str, str]) -> Settings:
    """The settings with other secrets; raises SettingError for one that can't be used."""
    changed = msgspec.structs.replace(settings, **values)
    _check(changed, {}, whole=True)
    return changed


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings that the environment gives; a wrong value raises SettingError naming it."""
    source = os.environ if environment is None else environment
    given: dict[str, object] = {}
    for field in msgspec.structs.fields(Settings):
        text = source.get(variable(field.name), "")
        if not text:
            continue
        try:
            given[field.name] = msgspec.convert(text, field.type, strict=False)
        except msgspec.ValidationError as error:
            raise _wrong(field.name, text, _TAKES[field.type]) from error
    settings = Settings(**given)  # pyright: ignore[reportArgumentType]
    _check(settings, given, whole=not settings.secrets_from)
    return settings


def unknown(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that looks like a setting and is none."""
    fields = [field.name for field in msgspec.structs.fields(Settings)]
    known = {variable(name) for name in fields}
    told: list[str] = []
    for name in sorted(environment):
        # Those of the tests are not the installation's.
        if name in known or not name.startswith(_PREFIX) or name.startswith(f"{_PREFIX}TEST_"):
            continue
        close = get_close_matches(name.removeprefix(_PREFIX).lower(), fields, 1)
        hint = f"; did you mean {variable(close[0])}?" if close else "."
        told.append(f"There is no setting {name}, so it changes nothing{hint}")
    return told


_TAKES = {int: "a whole number", float: "a number", bool: "true or false", str: "text"}
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
_SOURCE = re.compile(r"(file:///|(vault|vault\+http|infisical|infisical\+http|aws)://[^/@]+/)[^@]")
_MAIL = re.compile(
    r"smtp(s|\+plain)?://[^/]*[^/:@]|(resend|sendgrid|postmark)(\+http)?://[^/:@]+@[^/@]*[^/:@]"
)
_SMS = re.compile(r"twilio(\+http)?://[^/:@]+:[^/@]+@[^/@?]+/?\?(from=(\+|%2B)[0-9]+|service=MG.+)")
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_MASTER_KEYS = re.compile(r"[0-9a-fA-F]{64}(,[0-9a-fA-F]{64})*")
_ADDRESS = "an address like postgresql://user:password@host:5432/database"


def _check(settings: Settings, given: Mapping[str, object], *, whole: bool) -> None:
    """Raise SettingError for the first value that its field's type allows and nothing else does."""
    if not 1 <= settings.port <= 65_535:
        raise _wrong("port", settings.port, "1 to 65535, such as 8000")
    for name, value in given.items():
        if isinstance(value, int | float) and value < 0:
            raise _wrong(name, value, "no less than 0")
    if settings.pool_max < max(1, settings.pool_min):
        raise _wrong("pool_max", settings.pool_max, f"at least {max(1, settings.pool_min)}")
    if settings.log_level not in _LEVELS:
        raise _wrong("log_level", settings.log_level, ", ".join(_LEVELS))
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", settings.role_prefix):
        taken = "up to 40 lower-case letters, digits and _, a letter first"
        raise _wrong("role_prefix", settings.role_prefix, taken)
    _check_place(settings)
    _check_edge(settings)
    if settings.public_url and not re.match(r"https?://[^/]", settings.public_url):
        raise _wrong("public_url", settings.public_url, "an address like https://crm.example.com")
    _check_identity(settings)
    if not re.match(r"https?://[^/]+$", settings.github_url):
        raise _wrong("github_url", settings.github_url, "an address like https://github.com")
    if not 0 < settings.provider_seconds <= 30:
        raise _wrong("provider_seconds", settings.provider_seconds, "more than 0, at most 30")
    _check_secrets(settings, whole=whole)


def _check_identity(settings: Settings) -> None:
    """Raise SettingError for what mail and passwords can't use."""
    if settings.mail_url and not _MAIL.match(settings.mail_url):
        raise SettingError(
            f"{variable('mail_url')} can't be used: it takes smtp://user:password@host:587, or "
            "resend://, sendgrid:// or postmark://KEY@host."
        )
    if settings.sms_url and not _SMS.match(settings.sms_url):
        raise SettingError(
            f"{variable('sms_url')} can't be used: it takes "
            "twilio://ACCOUNT:TOKEN@api.twilio.com?from=+15005550006."
        )
    if settings.reply_domain and not re.fullmatch(
        r"[a-z0-9-]+(\.[a-z0-9-]+)+", settings.reply_domain
    ):
        raise _wrong("reply_domain", settings.reply_domain, "a domain, like reply.example.com")
    if settings.breached_passwords and not Path(settings.breached_passwords).is_file():
        taken = "the path of a file"
        raise _wrong("breached_passwords", settings.breached_passwords, taken)


def _check_providers(settings: Settings, *, whole: bool) -> None:
    """Raise SettingError for providers and issuers that can't be."""
    ready = [name for name in READY_MADE if getattr(settings, f"{name}_client_id")]
    for name in READY_MADE if whole else ():
        if bool(getattr(settings, f"{name}_client_secret")) != (name in ready):
            raise SettingError(
                f"{variable(f'{name}_client_id')} and {variable(f'{name}_client_secret')} "
                "can't be used one without the other."
            )
    try:
        found = read_providers(settings.oidc_providers)
        if taken := {one.key for one in found} & {*ready}:
            raise ValueError(f"another `key` than {', '.join(sorted(taken))}")
    except ValueError as error:
        raise _refused("oidc_providers", str(error)) from None
    try:
        issuers = read_issuers(settings.outside_issuers)
        if any(one.issuer == settings.address for one in issuers):
            raise ValueError("issuers other than this installation")
    except ValueError as error:
        raise _refused("outside_issuers", str(error)) from None


def _check_place(settings: Settings) -> None:
    """Raise SettingError where there is no such currency or region."""
    if settings.default_currency not in CURRENCIES:
        raise _wrong("default_currency", settings.default_currency, "an ISO 4217 code, like USD")
    if settings.default_region == "US":
        return
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - most commands do without it

    if settings.default_region not in SUPPORTED_REGIONS:
        taken = "a country by its ISO 3166 code, like US"
        raise _wrong("default_region", settings.default_region, taken)


def _check_edge(settings: Settings) -> None:
    """Raise SettingError for what can't be a name, a network, an origin or a place of counts."""
    for name in listed(settings.hosts):
        if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", name):
            raise _wrong("hosts", name, "names like crm.example.com, without scheme and port")
    for one in listed(settings.trusted_proxies):
        if one != "unix" and not _is_network(one):
            raise _wrong("trusted_proxies", one, "networks like 10.0.0.0/8, addresses, or unix")
    for one in listed(settings.outside_networks):
        if not _is_network(one):
            raise _wrong("outside_networks", one, "ranges like 10.1.2.0/24, fd00::/64")
    for one in listed(settings.cors_origins):
        if not re.fullmatch(r"https?://[a-z0-9._-]+(:[0-9]{1,5})?", one):
            raise _wrong("cors_origins", one, "origins like https://app.example.com, in lower case")
    url = settings.limits_url
    if url and url != "postgresql:" and not re.match(r"rediss?://[^/]", url):
        name = variable("limits_url")  # never the address, for passwords
        raise SettingError(f"{name} can't be used: it takes postgresql:, redis://… or rediss://….")


def _check_secrets(settings: Settings, *, whole: bool) -> None:
    """Raise SettingError for a secret that can't be used; the values are never shown.

    Where they are not `whole`, others are still to come from elsewhere.
    """
    for name in ("database_url", "app_database_url", "tail_database_url"):
        url = getattr(settings, name)
        if url and not _is_database(url):
            raise SettingError(f"{variable(name)} can't be used: it takes {_ADDRESS}.")
    if settings.master_key and not _MASTER_KEYS.fullmatch(settings.master_key):
        raise SettingError(
            f"{variable('master_key')} can't be used: it takes 64 hex digits, "
            "or several such keys with commas between, the newest first."
        )
    if settings.secrets_from and not _SOURCE.match(settings.secrets_from):
        raise _wrong("secrets_from", settings.secrets_from, "file://, vault://, … (see how-to)")
    _check_providers(settings, whole=whole)


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def _is_database(url: str) -> bool:
    """Whether the text is an address of a PostgreSQL database; it is never shown, for passwords."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("postgresql", "postgres") and len(parts.path) > 1


def _refused(field: str, takes: str) -> SettingError:
    """The same without the value, which may hold secrets."""
    return SettingError(f"{variable(field)} can't be used: it takes {takes}.")


def _wrong(field: str, value: object, takes: str) -> SettingError:
    return SettingError(f"{variable(field)}={value} can't be used: it takes {takes}.")
