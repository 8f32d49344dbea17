"""What all commands share: their exit codes, how they speak, and an installation to work in."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from typing import Annotated

from cyclopts import CycloptsError, Parameter

from tenfold.cli.installation import Installation, need_made, need_migrated, open_installation
from tenfold.db.embedded import EmbeddedError
from tenfold.kernel.errors import Invalid, TenfoldError
from tenfold.kernel.settings import SettingError, Settings, unknown, variable
from tenfold.outside.secrets.starting import read_settings

DONE, FAILED, WRONG_USE, STOPPED = 0, 1, 2, 130
# As of a program that writes to nobody (128 + SIGPIPE): what it was about to say is not known.
CUT_OFF = 141


def filled(_type: object, value: object) -> None:
    """Raise ValueError for an option that was given and is empty, as a script's variable may be."""
    if isinstance(value, str) and not value.strip():
        raise ValueError("Give a value, or leave the option out.")


User = Annotated[str, Parameter(help="E-mail address of the person as whom to work.")]
Organisation = Annotated[
    str, Parameter(help="Name or id of the organisation, where the person is in several.")
]
Address = Annotated[str, Parameter(help="E-mail address of the person.")]
Port = Annotated[int | None, Parameter(help="Port to serve on, instead of PORT or 8000.")]


def wrong_use(error: CycloptsError) -> str:
    """What was typed wrongly, as one sentence."""
    return f"tenfold: {' '.join(str(error).split())}"


def say(text: str) -> None:
    """A sentence for the person at the terminal."""
    print(text, file=sys.stderr, flush=True)


def plain(run: Callable[[], object]) -> int:
    """Run a command; what goes wrong in an expected way is one sentence and its exit code."""
    try:
        code = run()
    except Invalid as error:
        all_of_it = "; ".join(f"{field}: {problem}" for field, problem in error.fields.items())
        say(f"tenfold: {all_of_it or error}")
        return WRONG_USE
    except SettingError as error:
        say(f"tenfold: {error}")
        return WRONG_USE
    except (TenfoldError, EmbeddedError) as error:
        say(f"tenfold: {error}")
        return FAILED
    except BrokenPipeError:  # who reads our output, such as `head`, has seen enough
        sys.stdout = None
        return CUT_OFF
    except OSError as error:
        if error.errno == errno.ENOSPC:
            say("tenfold: the disk is full; free some space and start again. Nothing was lost.")
            return FAILED
        about = f": {error.filename}" if error.filename else ""
        say(f"tenfold: {error.strerror or error}{about}")
        return FAILED
    except KeyboardInterrupt:
        say("tenfold: stopped.")
        return STOPPED
    return code if isinstance(code, int) else DONE


def run(work: Callable[[Settings], Coroutine[object, object, int]]) -> int:
    """Run something in a ready installation."""
    with at_work() as installation:
        return asyncio.run(work(installation.settings))


@contextmanager
def at_work(*, port: int | None = None, made: bool = True) -> Generator[Installation]:
    """A ready installation; its database stops afterwards, where it was started for this.

    Where it must have been `made` before, a wrong TENFOLD_HOME is told, and nothing is made there.
    """
    installation = _ready(settings_with(port=port), made=made)
    try:
        yield installation
    finally:
        installation.close()


def settings_with(*, port: int | None = None) -> Settings:
    """The environment's settings, with what the command line says over them."""
    environment = dict(os.environ)
    if variable("tail_database_url") not in environment:  # else it is a child of one that told it
        for sentence in unknown(environment):
            say(f"tenfold: {sentence}")
    if port is not None:
        environment["PORT"] = str(port)
    return read_settings(environment)


def _ready(settings: Settings, *, made: bool) -> Installation:
    """The installation with its tables as this version needs them."""
    if settings.app_database_url and settings.tail_database_url:
        # A child of `tenfold up`, which has made everything ready.
        from tenfold.db.roles import Roles

        names = Roles.of(settings.role_prefix)
        return Installation(settings, settings.app_database_url, names, {}, None)
    if made:
        need_made(settings)
    installation = open_installation(settings, say)
    try:
        need_migrated(installation)
    except BaseException:
        installation.close()
        raise
    return installation
