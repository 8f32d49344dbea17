"""What accounts write to people: links that let them in, and what they should know of.

Each is in the language that its reader chose, or else in that of who asked for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec

from tenfold.accounts.client import Client
from tenfold.accounts.identity.account import Account, User
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.kernel.language import grouped, say, say_n, speaking
from tenfold.mail.letters import Letter, post

_P = ParamSpec("_P")
_NAMED = 5
"""How many addresses are named."""


def _theirs(
    write: Callable[Concatenate[User, _P], Letter],
) -> Callable[Concatenate[User, _P], Letter]:
    """The letter in the language of whom it is for."""

    @wraps(write)
    def written(user: User, *given: _P.args, **named: _P.kwargs) -> Letter:
        with speaking(user.language, user.region):
            return write(user, *given, **named)

    return written


async def post_to(tx: Transaction, keyring: Keyring, letter: Letter, account: Account) -> None:
    """Send a letter to a person of the transaction's organisation."""
    await post(tx, keyring, letter, tenant=account.tenant, user=account.id)


@_theirs
def sign_in_link(user: User, link: str, minutes: int, client: Client) -> Letter:
    """The link that signs in once."""
    return _letter(
        user,
        "sign_in_link",
        say("Your sign-in link"),
        say("Open this link to sign in to Tenfold. It works once, for %(n)s minutes:", n=minutes),
        link,
        say(
            "It was asked for %(from)s. If that was not you, ignore it: nobody gets in without "
            "opening it.",
            **_from(client),
        ),
    )


@_theirs
def password_reset(user: User, link: str, minutes: int, client: Client) -> Letter:
    """The link under which a new password is set."""
    return _letter(
        user,
        "password_reset",
        say("Set a new password"),
        say("Open this link to set a new password. It works once, for %(n)s minutes:", n=minutes),
        link,
        say(
            "It was asked for %(from)s. If that was not you, ignore it: your password stays as it "
            "is.",
            **_from(client),
        ),
    )


@_theirs
def verify_email(user: User, link: str, hours: int) -> Letter:
    """The link that proves that an address is somebody's own."""
    return _letter(
        user,
        "verify_email",
        say("Confirm your e-mail address"),
        say(
            "Open this link to confirm that %(email)s is your address. It works for %(n)s hours:",
            email=user.email,
            n=hours,
        ),
        link,
        say("If you have no account at Tenfold, somebody mistyped their address; ignore this."),
    )


@_theirs
def password_changed(user: User, client: Client, address: str) -> Letter:
    """Somebody set a new password."""
    return _letter(
        user,
        "password_changed",
        say("Your password was changed"),
        say(
            "The password of your account was changed %(from)s, and all other sessions have ended.",
            **_from(client),
        ),
        *_not_you(address),
    )


@_theirs
def new_email(user: User, email: str, link: str, minutes: int, client: Client) -> Letter:
    """The link under which an account gets an address; to that address."""
    return _letter(
        _stranger(user, email),
        "new_email",
        say("Confirm your new e-mail address"),
        say(
            "Open this link, in a browser in which you are signed in, to make %(email)s the "
            "address of your account at Tenfold. It works once, for %(n)s minutes:",
            email=email,
            n=minutes,
        ),
        link,
        say(
            "It was asked for %(from)s. If that was not you, ignore it: nothing changes.",
            **_from(client),
        ),
    )


@_theirs
def has_account(user: User, email: str, client: Client, address: str) -> Letter:
    """Somebody wants this address for their account, and it has one."""
    return _letter(
        _stranger(user, email),
        "has_account",
        say("Your address has an account already"),
        say(
            "Somebody asked %(from)s to make %(email)s the address of their account at Tenfold. "
            "It has an account already, so nothing changes.",
            email=email,
            **_from(client),
        ),
        say(
            "If that was you, sign in with it (%(login)s), or set a new password first: %(forgot)s",
            login=f"{address}/login",
            forgot=f"{address}/forgot",
        ),
        say("If it was not, ignore this."),
    )


@_theirs
def email_asked(user: User, email: str, client: Client, address: str) -> Letter:
    """Somebody asked for another address; to the one so far."""
    # An address that nobody confirmed may be a stranger's: it is told nothing of the other.
    told = (
        say(
            "Somebody asked %(from)s to change the e-mail address of your account to %(email)s. It "
            "changes once the link in the letter to the new address is opened.",
            email=email,
            **_from(client),
        )
        if user.email_verified_at is not None
        else say(
            "Somebody asked %(from)s to change the e-mail address of your account. It changes once "
            "the link in the letter to the new address is opened.",
            **_from(client),
        )
    )
    subject = say("Your e-mail address is about to change")
    return _letter(user, "email_change_asked", subject, told, *_not_you(address))


@_theirs
def email_changed(user: User, email: str, client: Client) -> Letter:
    """Another address took the place of this one."""
    told = (
        say(
            "The e-mail address of your account was changed to %(email)s %(from)s, and all other "
            "sessions have ended. Letters no longer come here.",
            email=email,
            **_from(client),
        )
        if user.email_verified_at is not None
        else say(
            "The e-mail address of your account was changed %(from)s, and all other sessions have "
            "ended. Letters no longer come here.",
            **_from(client),
        )
    )
    return _letter(
        user,
        "email_changed",
        say("Your e-mail address was changed"),
        told,
        say("If that was you, there is nothing to do."),
        say("If it was not, tell the administrators of your organisation at once."),
    )


@_theirs
def factors_changed(user: User, what: str, client: Client, address: str, **values: str) -> Letter:
    """A second factor came or went; `what` is the marked sentence that says so."""
    return _letter(
        user,
        "second_factor_changed",
        say("How you sign in was changed"),
        say("%(what)s This was done %(from)s.", what=say(what, **values), **_from(client)),
        *_not_you(address),
    )


@_theirs
def new_device(user: User, client: Client, address: str) -> Letter:
    """Somebody signed in from a browser that was not seen before."""
    return _letter(
        user,
        "new_device",
        say("A sign-in from a new device"),
        say(
            "Somebody signed in to your account %(from)s, in a browser that we have not seen "
            "before: %(browser)s.",
            browser=client.agent[:200] or say("unknown"),
            **_from(client),
        ),
        *_not_you(address),
    )


@_theirs
def token_reused(user: User, client: Client, address: str) -> Letter:
    """A refresh token that was used already came back, so that its session was ended."""
    return _letter(
        user,
        "token_reuse",
        say("A session of yours was ended"),
        say(
            "A copy of one of your sessions was used %(from)s. Sessions are never in two places, "
            "so it may have been stolen, and we have ended it everywhere.",
            **_from(client),
        ),
        say(
            "Sign in again at %(login)s and look at your other sessions there. If you do not know "
            "what it was, set a new password.",
            login=f"{address}/login",
        ),
    )


@_theirs
def account_locked(user: User, client: Client, minutes: int, address: str) -> Letter:
    """Failed sign-ins locked the account."""
    return _letter(
        user,
        "account_locked",
        say("Your account is locked for a while"),
        say(
            "Five sign-ins to your account failed, the last one %(from)s. Sign-ins with the "
            "password are refused for %(n)s minutes.",
            n=minutes,
            **_from(client),
        ),
        say(
            "From a browser that you have used before, with a passkey, or after setting a new "
            "password at %(forgot)s you get in at once.",
            forgot=f"{address}/forgot",
        ),
    )


@_theirs
def people_tried(
    user: User, organisation: str, people: int, addresses: Sequence[str], address: str
) -> Letter:
    """Somebody tries to sign in as many people of an organisation; for who administers it."""
    # An address that nobody confirmed may be a stranger's: it is sent no words of others.
    known = user.email_verified_at is not None
    there = organisation if known else say("your organisation")
    return _letter(
        user,
        "people_tried",
        say("Sign-ins of many people of %(organisation)s fail", organisation=there),
        say(
            "Within an hour, sign-ins of %(n)s people of %(organisation)s failed, and they did not "
            "get in since. They came from %(places)s.",
            n=grouped(people),
            organisation=there,
            places=places(addresses),
        ),
        say(
            "Accounts lock by themselves after five failures, and a second factor stops whoever "
            "has guessed a password. Ask everybody for one, and look at what was tried: %(tried)s",
            tried=f"{address}/admin/security/events?kind=login_failed",
        ),
        say("We write of this once an hour at most."),
    )


@_theirs
def api_key_made(user: User, name: str, prefix: str, client: Client, address: str) -> Letter:
    """Somebody made an API key that acts in their name."""
    return _letter(
        user,
        "api_key_made",
        say("An API key was made for your account"),
        say(
            "The API key “%(name)s” (%(prefix)s…) was made %(from)s. Programs that have it act in "
            "your name, within its scopes.",
            name=name,
            prefix=prefix,
            **_from(client),
        ),
        say("If that was you, there is nothing to do."),
        say(
            "If it was not, revoke the key and set a new password at once: %(forgot)s",
            forgot=f"{address}/forgot",
        ),
    )


@_theirs
def private_handed_over(
    user: User, organisation: str, leaver: str, heirs: str, count: int, client: Client
) -> Letter:
    """What somebody kept private goes to others, as they have left."""
    return _letter(
        user,
        "private_handed_over",
        say("Private records were handed over"),
        say_n(
            "%(n)s record that %(leaver)s kept private at %(organisation)s went to %(heirs)s, as "
            "%(leaver)s does not belong there any more. This was done by an administrator "
            "%(from)s.",
            "%(n)s records that %(leaver)s kept private at %(organisation)s went to %(heirs)s, as "
            "%(leaver)s does not belong there any more. This was done by an administrator "
            "%(from)s.",
            count,
            n=grouped(count),
            leaver=leaver,
            organisation=organisation,
            heirs=heirs,
            **_from(client),
        ),
        say("The organisation's owners can undo it: it is one of the batches of its changes."),
    )


def places(addresses: Sequence[str]) -> str:
    """The first of the addresses, and how many more there are."""
    some = ", ".join(addresses[:_NAMED]) or say("unknown addresses")
    more = len(addresses) - _NAMED
    return say("%(some)s and %(n)s more", some=some, n=grouped(more)) if more > 0 else some


def _letter(user: User, kind: str, subject: str, *paragraphs: str) -> Letter:
    # Whoever types another's address must not write to them through us.
    known = user.email_verified_at is not None and user.first_name
    greeting = say("Hello %(name)s,", name=user.first_name) if known else say("Hello,")
    text = "\n\n".join([greeting, *paragraphs, "Tenfold"])
    return Letter(kind, user.email, subject, text + "\n")


def _stranger(user: User, email: str) -> User:
    """Somebody under an address that is not known to be theirs."""
    return replace(user, email=email, email_verified_at=None)


def _not_you(address: str) -> tuple[str, ...]:
    return (
        say("If that was you, there is nothing to do."),
        say("If it was not, set a new password at once: %(forgot)s", forgot=f"{address}/forgot"),
    )


def _from(client: Client) -> dict[str, str]:
    """Whence and when something was done, as the value `from` of a sentence."""
    at = clock.now().strftime("%Y-%m-%d %H:%M UTC")
    if not client.address:
        return {"from": say("at %(moment)s", moment=at)}
    told = say("from the address %(address)s at %(moment)s", address=client.address, moment=at)
    return {"from": told}
