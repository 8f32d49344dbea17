"""Bearer tokens: our own and those of outside issuers, what they open, and what is refused."""

from __future__ import annotations

import json
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey
from tests.accounts.conftest import Browser, confirmed, opened
from tests.accounts.idp import (
    Idp,
    by_hand,
    by_public_key,
    letters,
    other_key,
    own_provider,
    part,
    sign,
)
from tests.accounts.letters import written
from tests.accounts.test_second_factors import data, with_app
from tests.accounts.test_sign_in import code, events
from tests.conftest import MakeOrganisation, Running, Serve
from tests.factories import Organisation, Owner, Somebody
from tests.guards import Counter
from tests.outside.servers import canary

from tenfold.accounts.identity import issuers as kept_keys
from tenfold.accounts.identity import outside_tokens
from tenfold.accounts.identity.tokens import _key
from tenfold.cli.identities import map_issuer
from tenfold.kernel.errors import Invalid
from tenfold.kernel.settings import Settings

pytestmark = pytest.mark.anyio
AUDIENCE = "https://api.tenfold.example"
SHARED = secrets.token_urlsafe(32)
SUPABASE = "https://project.supabase.co/auth/v1"
WORKS_ELSEWHERE = "https://elsewhere.example.com"


@dataclass
class Site:
    """The application, and an issuer that it trusts."""

    running: Running
    idp: Idp
    settings: Settings

    async def ask(self, token: str, path: str = "/v1/auth/me") -> httpx.Response:
        """A request signed by a token."""
        headers = {"authorization": f"Bearer {token}"}
        return await self.running.client.get(path, headers=headers)


@pytest.fixture(scope="module")
async def started(
    serve: Serve, settings: Settings, app: Running, anyio_backend: str
) -> AsyncIterator[Site]:
    """The application with its issuers; it ends before the worker's, which began before it."""
    async with AsyncExitStack() as stack:
        idp = await stack.enter_async_context(own_provider())
        listed = [
            {"issuer": idp.issuer, "audience": AUDIENCE, "organization_claim": "org"},
            {
                "issuer": SUPABASE,
                "audience": "authenticated",
                "shared_secret": SHARED,
                "trust_mfa": True,
            },
        ]
        changed = msgspec.structs.replace(
            settings,
            sign_in_per_minute=0,
            outside_issuers=json.dumps(listed),
            outside_networks="127.0.0.0/8",
            provider_seconds=20.0,
        )
        running = await stack.enter_async_context(serve(changed))
        yield Site(running, idp, changed)


@pytest.fixture
def site(started: Site) -> Site:
    """The same, with an issuer that is honest again."""
    for name, value in vars(Idp(issuer=started.idp.issuer, key=started.idp.key)).items():
        setattr(started.idp, name, value)
    return started


@pytest.fixture
async def browser(site: Site) -> AsyncIterator[Browser]:
    """A browser of somebody who has no account yet."""
    async with opened(site.running) as made:
        yield made


def token(site: Site, subject: str, **claims: Any) -> str:
    """An access token of the issuer's for somebody."""
    return site.idp.token({"sub": subject, "aud": AUDIENCE, **claims})


async def linked(owner: Owner, issuer: str, somebody: Somebody) -> str:
    """A subject that is linked to somebody's account."""
    subject = secrets.token_hex(8)
    await owner.execute(
        "INSERT INTO tenfold.identities (id, user_id, issuer, subject, provider) "
        "VALUES (gen_random_uuid(), $1, $2, $3, 'outside')",
        somebody.id,
        issuer,
        subject,
    )
    return subject


# -- what a linked token opens


async def test_a_linked_token_works_as_its_person(
    site: Site, organisation: Organisation, owner: Owner
) -> None:
    agent = await organisation.person("member", ["agent"], team=organisation.team)
    signed = token(site, await linked(owner, site.idp.issuer, agent))
    headers = {"authorization": f"Bearer {signed}"}
    made = await site.running.client.post(
        "/v1/leads", json={"first_name": "Ann", "last_name": "Lee"}, headers=headers
    )
    assert made.status_code == 201, made.text
    assert made.json()["data"]["owner_id"] == str(agent.id)
    assert len(data(await site.ask(signed, "/v1/leads"))) == 1
    me = data(await site.ask(signed, "/v1/auth/me"))
    assert me["user"]["id"] == str(agent.id)
    assert (await site.ask(agent.token)).status_code == 200  # our own go on beside


async def test_somebody_links_their_token_themselves(
    browser: Browser, site: Site, owner: Owner
) -> None:
    await confirmed(browser, owner)
    subject = secrets.token_hex(8)
    signed = token(site, subject, email=browser.email, email_verified=True)
    refused = await site.ask(signed)  # the same verified address links nothing by itself
    assert (refused.status_code, code(refused)) == (401, "NOT_LINKED")
    body = {"token": signed}
    data(await browser.call("POST", "/v1/auth/identities/outside", body), 201)
    assert (await site.ask(signed)).status_code == 200
    (one,) = data(await browser.call("GET", "/v1/auth/identities"))
    assert (one["label"], one["email"], one["signsIn"]) == ("127.0.0.1", browser.email, False)
    assert "identity_linked" in await events(owner, browser.user["id"])
    texts = [one.letter.text for one in await written(site.running, browser.email)]
    assert any("was linked to your account" in text for text in texts)


async def test_a_token_is_linked_to_one_account(
    browser: Browser, site: Site, owner: Owner, organisation: Organisation
) -> None:
    await confirmed(browser, owner)
    another = await organisation.person("member")
    body = {"token": token(site, await linked(owner, site.idp.issuer, another))}
    refused = await browser.call("POST", "/v1/auth/identities/outside", body)
    assert (refused.status_code, code(refused)) == (409, "DUPLICATE")


async def test_only_good_tokens_are_linked(browser: Browser, site: Site, owner: Owner) -> None:
    await confirmed(browser, owner)
    stranger = sign(
        {"alg": "HS256"}, {"iss": "https://x.example", "sub": "1"}, OctKey.import_key(SHARED)
    )
    for bad in (token(site, "s", aud="another"), stranger, "x"):
        refused = await browser.call("POST", "/v1/auth/identities/outside", {"token": bad})
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_own_account_is_not_for_outside_tokens(
    site: Site, organisation: Organisation, owner: Owner
) -> None:
    person = await organisation.person("owner")
    signed = token(site, await linked(owner, site.idp.issuer, person))
    headers = {"authorization": f"Bearer {signed}"}
    client = site.running.client
    for method, path, body in (
        ("POST", "/v1/auth/totp", None),
        ("POST", "/v1/auth/passkeys/options", None),
        ("POST", "/v1/auth/password", {"newPassword": "plum harbour lantern 42"}),
        ("POST", "/v1/auth/identities/outside", {"token": token(site, "another")}),
        ("POST", "/v1/auth/sessions/end-others", None),
    ):
        refused = await client.request(method, path, json=body, headers=headers)
        assert (refused.status_code, code(refused)) == (403, "FORBIDDEN"), path
    for path in ("identities", "sessions", "factors"):
        refused = await client.get(f"/v1/auth/{path}", headers=headers)
        assert (refused.status_code, code(refused)) == (403, "FORBIDDEN"), path


# -- revocation


async def test_unlinking_ends_it_at_once_in_every_process(
    browser: Browser, site: Site, owner: Owner, serve: Serve
) -> None:
    await confirmed(browser, owner)
    subject = secrets.token_hex(8)
    signed = token(site, subject)
    body = {"token": signed}
    async with serve(site.settings) as second:
        elsewhere = Site(second, site.idp, site.settings)
        data(await browser.call("POST", "/v1/auth/identities/outside", body), 201)
        for one in (site, elsewhere):
            assert (await one.ask(signed)).status_code == 200
        (identity,) = data(await browser.call("GET", "/v1/auth/identities"))
        data(await browser.call("DELETE", f"/v1/auth/identities/{identity['id']}"))
        for one in (site, elsewhere):
            refused = await one.ask(signed)
            assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_who_left_the_organisation_is_out(
    site: Site, organisation: Organisation, owner: Owner, admin: Somebody
) -> None:
    person = await organisation.person("member")
    signed = token(site, await linked(owner, site.idp.issuer, person))
    assert (await site.ask(signed)).status_code == 200
    gone = await site.running.client.patch(
        f"/v1/members/{person.id}", json={"active": False}, headers=admin.headers
    )
    assert gone.status_code == 200, gone.text
    assert (await site.ask(signed)).status_code == 401


# -- where it works


async def test_the_organisation_is_the_one_that_the_token_names(
    site: Site, organisation: Organisation, make_organisation: MakeOrganisation, owner: Owner
) -> None:
    person = await organisation.person("member")
    second, third = await make_organisation("Second"), await make_organisation("Third")
    await owner.execute(
        "INSERT INTO tenfold.members (tenant_id, user_id, role) VALUES ($1, $2, 'read-only')",
        second.id,
        person.id,
    )
    subject = await linked(owner, site.idp.issuer, person)
    for org, tenant in ((None, organisation.id), (second.id, second.id)):
        claims = {"org": str(org)} if org else {}
        me = data(await site.ask(token(site, subject, **claims), "/v1/auth/me"))
        assert me["user"]["organization"]["id"] == str(tenant)
    for org in (str(third.id), "second", 7, None):
        refused = await site.ask(token(site, subject, org=org))
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_a_second_factor_counts_where_the_issuer_is_trusted_with_it(
    browser: Browser, site: Site, owner: Owner, later: Callable[[timedelta], None]
) -> None:
    await with_app(browser)
    person = Somebody(browser.user["id"], *[None] * 6, "")  # pyright: ignore[reportArgumentType]
    ours = await linked(owner, site.idp.issuer, person)
    theirs = await linked(owner, SUPABASE, person)
    administration = "/v1/invitations"
    untrusted = token(site, ours, amr=["mfa"])
    for place in ("/v1/leads", administration):  # as at sign-in, it is asked for
        refused = await site.ask(untrusted, place)
        assert (refused.status_code, code(refused)) == (403, "MFA_REQUIRED")
    once = supabase(theirs, aal="aal1")
    refused = await site.ask(once, administration)
    assert (refused.status_code, code(refused)) == (403, "MFA_REQUIRED")
    assert (await site.ask(supabase(theirs, aal="aal2"), administration)).status_code == 200
    refused = await site.ask(once, administration)  # what another token proved is not its own
    assert (refused.status_code, code(refused)) == (403, "MFA_REQUIRED")


# -- keys


def supabase(subject: str, *, key: str = SHARED, alg: str = "HS256", **claims: Any) -> str:
    """A token of a project that signs with a shared secret."""
    idp = Idp(issuer=SUPABASE)
    idp.forge = lambda _header, told: sign({"alg": alg}, told, OctKey.import_key(key))
    return idp.token({"sub": subject, "aud": "authenticated", "role": "authenticated", **claims})


async def test_a_project_with_a_shared_secret(
    site: Site, organisation: Organisation, owner: Owner
) -> None:
    subject = await linked(owner, SUPABASE, await organisation.person("member"))
    assert (await site.ask(supabase(subject))).status_code == 200
    for bad in (
        supabase(subject, key=secrets.token_urlsafe(32)),
        supabase(subject, aud="another"),
        sign({"alg": "none"}, {"iss": SUPABASE, "sub": subject, "aud": "authenticated"}, None),
        token(site, subject, iss=SUPABASE, aud="authenticated"),
    ):
        refused = await site.ask(bad)
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_nothing_is_asked_once_a_token_is_known(
    site: Site, organisation: Organisation, owner: Owner, queries: Counter
) -> None:
    person = await organisation.person("member")
    signed = token(site, await linked(owner, site.idp.issuer, person))
    own, outside = list[int](), list[int]()
    for _ in range(3):
        for found, bearer in ((own, person.token), (outside, signed)):
            queries.clear()
            assert (await site.ask(bearer)).status_code == 200
            found.append(len(queries))
    assert outside[-1] == own[-1]  # not one statement more than with a token of ours
    site.idp.paths.clear()
    site.idp.down = True
    assert (await site.ask(signed)).status_code == 200
    assert site.idp.paths == []


async def test_new_keys_are_asked_for_at_most_once_a_minute(
    serve: Serve,
    organisation: Organisation,
    owner: Owner,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person = await organisation.person("member")
    async with serve(site.settings) as fresh, own_keys(site) as first:
        other = Site(fresh, site.idp, site.settings)
        subject = await linked(owner, site.idp.issuer, person)
        assert (await other.ask(token(site, subject))).status_code == 200
        second = ECKey.generate_key("P-256", {"kid": "two"})
        site.idp.key, site.idp.keys = second, [k.as_dict(private=False) for k in (first, second)]
        site.idp.paths.clear()
        for _ in range(5):
            assert (await other.ask(token(site, subject))).status_code == 401
        assert site.idp.paths == []
        monkeypatch.setattr(kept_keys, "monotonic", later_clock(kept_keys.ANEW_SECONDS + 1))
        site.idp.down = True  # an issuer that is away: the last good keys go on
        assert (await other.ask(token(site, subject))).status_code == 401
        site.idp.key = first
        assert (await other.ask(token(site, subject))).status_code == 200
        monkeypatch.setattr(kept_keys, "monotonic", later_clock(2 * kept_keys.ANEW_SECONDS + 2))
        site.idp.down, site.idp.key = False, second
        site.idp.paths.clear()
        for _ in range(3):
            assert (await other.ask(token(site, subject))).status_code == 200
        forged = sign(
            {"alg": "RS256", "kid": "three"}, {"iss": site.idp.issuer}, other_key("three")
        )
        for _ in range(3):
            assert (await other.ask(forged)).status_code == 401
        assert site.idp.paths == ["/keys"]


async def test_an_issuer_whose_keys_were_never_seen_is_unavailable(
    serve: Serve, organisation: Organisation, owner: Owner, site: Site
) -> None:
    person = await organisation.person("member")
    async with serve(site.settings) as fresh:
        other = Site(fresh, site.idp, site.settings)
        site.idp.down = True
        signed = token(site, await linked(owner, site.idp.issuer, person))
        answer = await other.ask(signed)
        assert (answer.status_code, code(answer)) == (503, "UNAVAILABLE")
        assert (await other.ask(person.token)).status_code == 200
        assert (await other.ask(signed, "/v1/health")).status_code == 200


def later_clock(by: float) -> Callable[[], float]:
    """A clock that is ahead."""
    real = kept_keys.monotonic
    return lambda: real() + by


class own_keys:  # noqa: N801 - reads as the fixture that it is
    """Gives the issuer its key back afterwards."""

    def __init__(self, site: Site) -> None:
        self.idp, self.key = site.idp, site.idp.key

    async def __aenter__(self) -> Any:
        return self.key

    async def __aexit__(self, *_: object) -> None:
        self.idp.key, self.idp.keys = self.key, []


async def test_what_is_remembered_ends(
    site: Site, organisation: Organisation, owner: Owner, later: Callable[[timedelta], None]
) -> None:
    subject = await linked(owner, site.idp.issuer, await organisation.person("member"))
    signed = token(site, subject)
    assert (await site.ask(signed)).status_code == 200
    later(timedelta(minutes=5))
    assert (await site.ask(signed)).status_code == 200
    later(timedelta(minutes=10))
    assert (await site.ask(signed)).status_code == 401


async def test_no_more_is_remembered_than_may_be(
    site: Site, organisation: Organisation, owner: Owner
) -> None:
    subject = await linked(owner, site.idp.issuer, await organisation.person("member"))
    tokens: outside_tokens.OutsideTokens = site.running.app.app.state.outside_tokens  # pyright: ignore[reportAttributeAccessIssue]
    for number in range(2):
        assert (await site.ask(token(site, subject, jti=str(number)))).status_code == 200
    tokens._most = most = len(tokens._remembered)
    for number in range(5):
        assert (await site.ask(token(site, subject, jti=f"more {number}"))).status_code == 200
    assert len(tokens._remembered) == most


# -- attacks: the same ones on our own tokens and on those of an issuer


@dataclass
class Signer:
    """Makes tokens as an issuer does: right ones, and others."""

    key: Any
    alg: str
    claims: dict[str, Any]

    def made(self, key: Any = None, **changed: Any) -> str:
        """A token with other claims (None leaves one out), and `h_…` for the header."""
        told = {**self.claims, **{n: v for n, v in changed.items() if not n.startswith("h_")}}
        header = {n[2:]: v for n, v in changed.items() if n.startswith("h_")}
        told = {name: value for name, value in told.items() if value is not None}
        return sign({"alg": self.alg, "kid": self.key.kid, **header}, told, key or self.key)


@pytest.fixture(params=["ours", "theirs"])
async def signer(
    request: pytest.FixtureRequest, site: Site, organisation: Organisation, owner: Owner
) -> Signer:
    """What makes tokens that are good for somebody."""
    person = await organisation.person("member")
    moment = int(time.time())
    times = {"iat": moment, "exp": moment + 600}
    if request.param == "ours":
        key = _key(site.running.desk.keyring.derive("access tokens"))
        ids = {"sub": str(person.id), "tid": str(person.tenant), "sid": str(person.session)}
        told = {"iss": site.running.desk.settings.address, "aud": "tenfold", **ids, **times}
        return Signer(key, "Ed25519", told)
    subject = await linked(owner, site.idp.issuer, person)
    told = {"iss": site.idp.issuer, "aud": AUDIENCE, "sub": subject, **times}
    return Signer(site.idp.key, "ES256", told)


def _brought(signer: Signer) -> str:
    mine = other_key("mine")
    return signer.made(mine, h_alg="RS256", h_kid="mine", h_jwk=mine.as_dict(private=False))


def _changed(signer: Signer) -> str:
    head, _, tail = signer.made().split(".")
    return f"{head}.{part({**signer.claims, 'sub': secrets.token_hex(8)})}.{tail}"


BAD: dict[str, Callable[[Signer], str]] = {
    "unsigned": lambda s: sign({"alg": "none", "kid": s.key.kid}, s.claims, None),
    "unsigned, in other letters": lambda s: sign({"alg": "none"}, s.claims, None).replace(
        sign({"alg": "none"}, {}, None).partition(".")[0], part({"alg": "nOnE"})
    ),
    "the signature left away": lambda s: s.made().rpartition(".")[0] + ".",
    "HS256 with the public key": lambda s: by_public_key({"kid": s.key.kid}, s.claims, s.key),
    "HS256 with the public key as PEM": lambda s: sign(
        {"alg": "HS256", "kid": s.key.kid},
        s.claims,
        OctKey.import_key(urlsafe_b64encode(s.key.as_pem(private=False))),
    ),
    "HS256 with nothing": lambda s: by_hand({"kid": s.key.kid}, s.claims, b""),
    "another key": lambda s: s.made(ECKey.generate_key("P-256"), h_alg="ES256"),
    "another key, named as ours": lambda s: sign(
        {"alg": "RS256", "kid": s.key.kid}, s.claims, other_key(s.key.kid)
    ),
    "a key of another kind of theirs": lambda s: sign(
        {"alg": "Ed25519", "kid": s.key.kid}, s.claims, OKPKey.generate_key("Ed25519")
    ),
    "an unknown kid": lambda s: s.made(other_key("nine"), h_alg="RS256", h_kid="nine"),
    "a kid that is a path": lambda s: by_hand({"kid": "../../dev/null"}, s.claims, b""),
    "a kid that is SQL": lambda s: s.made(other_key(), h_alg="RS256", h_kid="x' OR '1'='1"),
    "a kid that is no text": lambda s: by_hand({"kid": 7}, s.claims, b""),
    "a key brought along": _brought,
    "a critical header": lambda s: s.made(h_crit=["mine"], h_mine=1),
    "expired": lambda s: s.made(iat=s.claims["iat"] - 900, exp=s.claims["iat"] - 120),
    "without an expiry": lambda s: s.made(exp=None),
    "an expiry that is a text": lambda s: s.made(exp="9999999999"),
    "not yet": lambda s: s.made(nbf=s.claims["iat"] + 300),
    "from the future": lambda s: s.made(iat=s.claims["iat"] + 300),
    "for another audience": lambda s: s.made(aud="https://other.example"),
    "for no audience": lambda s: s.made(aud=None),
    "of another issuer": lambda s: s.made(iss="https://evil.example"),
    "of no issuer": lambda s: s.made(iss=None),
    "for nobody": lambda s: s.made(sub=None),
    "for an object": lambda s: s.made(sub={"id": 1}),
    "an ID token": lambda s: s.made(aud="the-client-id", nonce="n", at_hash="h"),
    "a claim changed afterwards": _changed,
    "an empty one": lambda _: "..",
    "no JSON": lambda s: ".".join([s.made().partition(".")[0], "eA", "eA"]),
    "JSON without an end": lambda _: f"{letters(b'[' * 9_000)}.{letters(b'[' * 9_000)}.x",
}


@pytest.mark.parametrize("name", BAD)
async def test_a_token_that_is_not_right_opens_nothing(
    site: Site, signer: Signer, name: str
) -> None:
    refused = await site.ask(BAD[name](signer))
    assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


async def test_the_right_token_opens(site: Site, signer: Signer) -> None:
    """What the test above refuses is refused because of what is wrong."""
    for good in (signer.made(), signer.made(nbf=signer.claims["iat"])):
        assert (await site.ask(good)).status_code == 200


async def test_issuers_write_other_headers_too(
    site: Site, organisation: Organisation, owner: Owner
) -> None:
    """Clerk's `cat`; a list of audiences; an audience beside ours."""
    subject = await linked(owner, site.idp.issuer, await organisation.person("member"))
    site.idp.change_header = lambda header: header.update(cat="cl_B7d4PD111AAA")
    assert (await site.ask(token(site, subject))).status_code == 200
    several = token(site, subject, aud=["https://issuer.example/userinfo", AUDIENCE])
    assert (await site.ask(several)).status_code == 200
    long = token(site, subject, more="x" * 20_000)
    assert (await site.ask(long)).status_code == 401


@pytest.mark.parametrize("name", ["jku", "x5u", "kid", "iss"])
async def test_no_address_in_a_token_is_ever_asked(site: Site, signer: Signer, name: str) -> None:
    async with canary() as bird:
        at = f"http://127.0.0.1:{bird.port}/keys"
        more = {name: at} if name == "iss" else {f"h_{name}": at}
        refused = await site.ask(signer.made(other_key("mine"), h_alg="RS256", **more))
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")
    assert bird.connections == 0


async def test_a_token_of_ours_is_good_in_its_own_organisation(
    site: Site, organisation: Organisation, stranger: Organisation
) -> None:
    person, other = await organisation.person("member"), await stranger.person("member")
    tokens = site.running.desk.tokens
    for mixed in (
        tokens.sign(person.id, other.tenant, person.session),
        tokens.sign(person.id, other.tenant, other.session),
        tokens.sign(other.id, person.tenant, person.session),
    ):
        refused = await site.ask(mixed)
        assert (refused.status_code, code(refused)) == (401, "INVALID_TOKEN")


# -- many at once, by the operator


async def test_an_operator_links_many(
    site: Site, organisation: Organisation, owner: Owner, tmp_path: Any
) -> None:
    first, second = await organisation.person("member"), await organisation.person("manager")
    subjects = [secrets.token_hex(8) for _ in range(3)]
    file = tmp_path / "people.csv"
    file.write_text(
        "email,subject\n"
        f"{first.email.upper()},{subjects[0]}\n"
        f"{second.email},{subjects[1]}\n"
        f"nobody@example.com,{subjects[2]}\n"
        f"{second.email},{subjects[0]}\n",
        encoding="utf-8-sig",
    )
    said: list[str] = []
    assert await map_issuer(site.settings, site.idp.issuer, file, said.append) == 3
    assert said[0].startswith("line 4: nobody has the address 'nobody@example.com'")
    assert said[1].startswith("line 5: It belongs to another account")
    assert said[-1] == f"2 of 4 people of {site.idp.issuer} are linked now."
    for subject, person in zip(subjects, (first, second), strict=False):
        me = data(await site.ask(token(site, subject), "/v1/auth/me"))
        assert me["user"]["id"] == str(person.id)
    with pytest.raises(Invalid, match="outside issuers"):
        await map_issuer(site.settings, "https://other.example", file, said.append)
    file.write_text("name,email\n")
    with pytest.raises(Invalid, match="'subject'"):
        await map_issuer(site.settings, site.idp.issuer, file, said.append)
