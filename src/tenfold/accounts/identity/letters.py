"""What accounts write to people: links that let them in, and what they should know of."""

from __future__ import annotations

from dataclasses import replace

from tenfold.accounts.client import Client
from tenfold.accounts.identity.account import Account, User
from tenfold.db.database import Transaction
from tenfold.db.keys import Keyring
from tenfold.kernel import clock
from tenfold.mail.letters import Letter, post


async def post_to(tx: Transaction, keyring: Keyring, letter: Letter, account: Account) -> None:
    """Send a letter to a person of the transaction's organisation."""
    await post(tx, keyring, letter, tenant=account.tenant, user=account.id)


def sign_in_link(user: User, link: str, minutes: int, client: Client) -> Letter:
    """The link that signs in once."""
    return _letter(
        user,
        "sign_in_link",
        "Your sign-in link",
        f"Open this link to sign in to Tenfold. It works once, for {minutes} minutes:",
        link,
        f"It was asked for {_from(client)}. If that was not you, ignore it: nobody gets in "
        "without opening it.",
    )


def password_reset(user: User, link: str, minutes: int, client: Client) -> Letter:
    """The link under which a new password is set."""
    return _letter(
        user,
        "password_reset",
        "Set a new password",
        f"Open this link to set a new password. It works once, for {minutes} minutes:",
        link,
        f"It was asked for {_from(client)}. If that was not you, ignore it: your password stays "
        "as it is.",
    )


def verify_email(user: User, link: str, hours: int) -> Letter:
    """The link that proves that an address is somebody's own."""
    return _letter(
        user,
        "verify_email",
        "Confirm your e-mail address",
        f"Open this link to confirm that {user.email} is your address. It works for {hours} hours:",
        link,
        "If you have no account at Tenfold, somebody mistyped their address; ignore this.",
    )


def password_changed(user: User, client: Client, address: str) -> Letter:
    """Somebody set a new password."""
    return _letter(
        user,
        "password_changed",
        "Your password was changed",
        f"The password of your account was changed {_from(client)}, and all other sessions have "
        "ended.",
        *_not_you(address),
    )


def new_email(user: User, email: str, link: str, minutes: int, client: Client) -> Letter:
    """The link under which an account gets an address; to that address."""
    return _letter(
        _stranger(user, email),
        "new_email",
        "Confirm your new e-mail address",
        f"Open this link, in a browser in which you are signed in, to make {email} the address of "
        f"your account at Tenfold. It works once, for {minutes} minutes:",
        link,
        f"It was asked for {_from(client)}. If that was not you, ignore it: nothing changes.",
    )


def has_account(user: User, email: str, client: Client, address: str) -> Letter:
    """Somebody wants this address for their account, and it has one."""
    return _letter(
        _stranger(user, email),
        "has_account",
        "Your address has an account already",
        f"Somebody asked {_from(client)} to make {email} the address of their account at Tenfold. "
        "It has an account already, so nothing changes.",
        f"If that was you, sign in with it ({address}/login), or set a new password first: "
        f"{address}/forgot",
        "If it was not, ignore this.",
    )


def email_asked(user: User, email: str, client: Client, address: str) -> Letter:
    """Somebody asked for another address; to the one so far."""
    to = f" to {email}" if user.email_verified_at is not None else ""
    return _letter(
        user,
        "email_change_asked",
        "Your e-mail address is about to change",
        f"Somebody asked {_from(client)} to change the e-mail address of your account{to}. It "
        "changes once the link in the letter to the new address is opened.",
        *_not_you(address),
    )


def email_changed(user: User, email: str, client: Client) -> Letter:
    """Another address took the place of this one."""
    to = f" to {email}" if user.email_verified_at is not None else ""
    return _letter(
        user,
        "email_changed",
        "Your e-mail address was changed",
        f"The e-mail address of your account was changed{to} {_from(client)}, and all other "
        "sessions have ended. Letters no longer come here.",
        "If that was you, there is nothing to do.",
        "If it was not, tell the administrators of your organisation at once.",
    )


def factors_changed(user: User, what: str, client: Client, address: str) -> Letter:
    """A second factor came or went; `what` is the sentence that says so."""
    return _letter(
        user,
        "second_factor_changed",
        "How you sign in was changed",
        f"{what} This was done {_from(client)}.",
        *_not_you(address),
    )


def new_device(user: User, client: Client, address: str) -> Letter:
    """Somebody signed in from a browser that was not seen before."""
    return _letter(
        user,
        "new_device",
        "A sign-in from a new device",
        f"Somebody signed in to your account {_from(client)}, in a browser that we have not seen "
        f"before: {client.agent[:200] or 'unknown'}.",
        *_not_you(address),
    )


def token_reused(user: User, client: Client, address: str) -> Letter:
    """A refresh token that was used already came back, so that its session was ended."""
    return _letter(
        user,
        "token_reuse",
        "A session of yours was ended",
        f"A copy of one of your sessions was used {_from(client)}. Sessions are never in two "
        "places, so it may have been stolen, and we have ended it everywhere.",
        f"Sign in again at {address}/login and look at your other sessions there. If you do not "
        "know what it was, set a new password.",
    )


def account_locked(user: User, client: Client, minutes: int, address: str) -> Letter:
    """Failed sign-ins locked the account."""
    return _letter(
        user,
        "account_locked",
        "Your account is locked for a while",
        f"Five sign-ins to your account failed, the last one {_from(client)}. Sign-ins with the "
        f"password are refused for {minutes} minutes.",
        "From a browser that you have used before, with a passkey, or after setting a new password "
        f"at {address}/forgot you get in at once.",
    )


def people_tried(user: User, organisation: str, people: int, places: str, address: str) -> Letter:
    """Somebody tries to sign in as many people of an organisation; for who administers it."""
    # An address that nobody confirmed may be a stranger's: it is sent no words of others.
    there = organisation if user.email_verified_at is not None else "your organisation"
    return _letter(
        user,
        "people_tried",
        f"Sign-ins of many people of {there} fail",
        f"Within an hour, sign-ins of {people:,} people of {there} failed, and they did not "
        f"get in since. They came from {places}.",
        "Accounts lock by themselves after five failures, and a second factor stops whoever has "
        "guessed a password. Ask everybody for one, and look at what was tried: "
        f"{address}/admin/security/events?kind=login_failed",
        "We write of this once an hour at most.",
    )


def api_key_made(user: User, name: str, prefix: str, client: Client, address: str) -> Letter:
    """Somebody made an API key that acts in their name."""
    return _letter(
        user,
        "api_key_made",
        "An API key was made for your account",
        f"The API key “{name}” ({prefix}…) was made {_from(client)}. Programs that have it act in "
        "your name, within its scopes.",
        "If that was you, there is nothing to do.",
        f"If it was not, revoke the key and set a new password at once: {address}/forgot",
    )


def private_handed_over(
    user: User, organisation: str, leaver: str, heirs: str, count: int, client: Client
) -> Letter:
    """What somebody kept private goes to others, as they have left."""
    many = "1 record" if count == 1 else f"{count:,} records"
    return _letter(
        user,
        "private_handed_over",
        "Private records were handed over",
        f"{many} that {leaver} kept private at {organisation} went to {heirs}, as {leaver} does "
        f"not belong there any more. This was done by an administrator {_from(client)}.",
        "The organisation's owners can undo it: it is one of the batches of its changes.",
    )


def _letter(user: User, kind: str, subject: str, *paragraphs: str) -> Letter:
    # Whoever types another's address must not write to them through us.
    known = user.email_verified_at is not None and user.first_name
    greeting = f"Hello {user.first_name}," if known else "Hello,"
    text = "\n\n".join([greeting, *paragraphs, "Tenfold"])
    return Letter(kind, user.email, subject, text + "\n")


def _stranger(user: User, email: str) -> User:
    """Somebody under an address that is not known to be theirs."""
    return replace(user, email=email, email_verified_at=None)


def _not_you(address: str) -> tuple[str, ...]:
    return (
        "If that was you, there is nothing to do.",
        f"If it was not, set a new password at once: {address}/forgot",
    )


def _from(client: Client) -> str:
    at = clock.now().strftime("%Y-%m-%d %H:%M UTC")
    return f"from the address {client.address} at {at}" if client.address else f"at {at}"
