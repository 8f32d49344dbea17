"""The memory that the processes of a machine share: exact, bounded, and never too generous."""

from __future__ import annotations

import fcntl
import random
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.children import unmeasured
from tests.security.taking import WINDOW

from tenfold.kernel.errors import Unavailable
from tenfold.web.limits import Limit, Memory

KEY = bytes(range(16))
_LIMITS = [Limit("person", 3, 60), Limit("address", 5, 900), Limit("sign-in", 1, 60)]


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Exact:
    """What a limit means, remembered for every key for ever."""

    def __init__(self) -> None:
        self._until: dict[tuple[str, int], float] = {}

    def refuses(self, limit: Limit, key: int, now: float) -> bool:
        """Count a request, unless it is refused."""
        full = max(self._until.get((limit.name, key), now), now) + limit.step
        if full - now > limit.window + 1e-6:
            return True
        self._until[limit.name, key] = full
        return False


def key_of(limit: Limit, key: int) -> bytes:
    """A key's hash, which another limit would hash otherwise."""
    return struct.pack("=QQ", key, (key << 2 | _LIMITS.index(limit)) + 1)


_ACTS = st.lists(
    st.tuples(st.sampled_from(_LIMITS), st.integers(0, 11), st.floats(0, 90)), max_size=120
)


@given(_ACTS)
def test_few_keys_are_counted_exactly(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[Limit, int, float]]
) -> None:
    clock, exact = Clock(), Exact()
    memory = Memory(tmp_path_factory.mktemp("few") / "limits", 64, clock)
    for limit, key, pause in acts:
        clock.now += pause
        refused = exact.refuses(limit, key, clock.now)
        assert bool(memory.take(limit, key_of(limit, key)).wait) == refused
    memory.close()


@given(_ACTS)
def test_keys_that_find_no_place_of_their_own_get_no_more_than_they_may(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[Limit, int, float]]
) -> None:
    clock, exact = Clock(), Exact()
    memory = Memory(tmp_path_factory.mktemp("full") / "limits", 1, clock)  # 36 keys, 7 places
    for limit, key, pause in acts:
        clock.now += pause / 30
        given_ = memory.take(limit, key_of(limit, key))
        if not given_.wait:
            assert not exact.refuses(limit, key, clock.now)
    memory.close()


def test_a_key_takes_its_count_along_to_the_place_that_comes_free(tmp_path: Path) -> None:
    clock, (person, _, _) = Clock(), _LIMITS
    memory = Memory(tmp_path / "limits", 1, clock)
    for other in range(7):
        memory.take(person, key_of(person, other))
    late = key_of(person, 7)
    assert [memory.take(person, late).wait > 0 for _ in range(4)] == [False] * 3 + [True]
    clock.now += person.step + 1  # the others' places are free
    assert [memory.take(person, late).wait > 0 for _ in range(3)] == [False, True, True]
    memory.close()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    """A small table."""
    made = Memory(tmp_path / "limits", 4)
    yield made
    made.close()


def taking(file: Path, most: int, times: int, saying: str) -> subprocess.Popen[bytes]:
    """A process that is ready to take from the same table."""
    command = [sys.executable, "-m", "tests.security.taking", str(file), KEY.hex(), str(most)]
    pipe = subprocess.PIPE
    made = subprocess.Popen(
        [*command, str(times), saying], stdin=pipe, stdout=pipe, env=unmeasured()
    )
    assert made.stdout is not None
    assert made.stdout.read(1) == b"!"
    return made


def test_processes_count_together_to_the_last_request(tmp_path: Path) -> None:
    most, each = 50_000, 20_000
    others = [taking(tmp_path / "limits", most, each, "later") for _ in range(4)]
    began = time.monotonic()
    for one in others:
        assert one.stdin is not None
        one.stdin.write(b"\n")
        one.stdin.flush()
    said = [one.communicate(timeout=60)[0] for one in others]
    given_back = (time.monotonic() - began) * most / WINDOW
    assert [one[-1:] for one in said] == [b"."] * 4
    assert most <= sum(one.count(b"+") for one in said) <= most + given_back + 1


def test_a_process_that_is_killed_locks_and_loosens_nothing(tmp_path: Path, memory: Memory) -> None:
    kills, most, allowed, began = 6, 100_000, 0, time.monotonic()
    for _ in range(kills):
        other = taking(tmp_path / "limits", most, 10**9, "now")
        assert other.stdin is not None
        assert other.stdout is not None
        other.stdin.write(b"\n")
        other.stdin.close()
        allowed += len(other.stdout.read(random.randint(1, 3_000)))
        other.send_signal(signal.SIGKILL)
        allowed += len(other.stdout.read())
        other.wait()
        other.stdout.close()
    limit = Limit("person", most, WINDOW)
    left = memory.take(limit, KEY).left + 1
    # Time gives some back; what a killed process counted without saying so is one of each.
    given_back = (time.monotonic() - began) * most / WINDOW
    assert allowed - given_back <= most - left <= allowed + kills
    fcntl.lockf(memory._handle, fcntl.LOCK_EX | fcntl.LOCK_NB, 4)  # all buckets are free


def test_a_process_that_is_stopped_in_the_middle_stops_nobody(
    tmp_path: Path, memory: Memory
) -> None:
    holding = (
        "import fcntl, os, sys, time; f = os.open(sys.argv[1], os.O_RDWR); "
        "fcntl.lockf(f, fcntl.LOCK_EX, 4); print('holds', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", holding, str(tmp_path / "limits")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"holds\n"
        limit = Limit("person", 2, 60)
        assert [memory.take(limit, KEY).wait > 0 for _ in range(3)] == [False, False, True]
        other.kill()


def test_what_stands_in_the_file_from_before_ends_no_limit_and_locks_nobody_out(
    tmp_path: Path,
) -> None:
    limit, size = Limit("person", 3, 60), 4 * 128
    rubbish = [b"\xff" * size, bytes(random.Random(7).randbytes(size)), struct.pack("=d", 9e9) * 64]
    for number, content in enumerate(rubbish):
        file = tmp_path / str(number)
        file.write_bytes(content)
        memory = Memory(file, 4)
        for key in range(40):
            hashed = struct.pack("=QQ", key, key + 1)
            waits = [memory.take(limit, hashed).wait for _ in range(4)]
            assert waits[-1] > 0
            if key < 4:  # those that come later may find their bucket full
                assert waits[:3] == [0, 0, 0], number
        memory.close()


def test_the_table_never_grows(tmp_path: Path, memory: Memory) -> None:
    before = (tmp_path / "limits").stat()
    limit = Limit("person", 100, 60)
    for number in range(20_000):
        memory.take(limit, struct.pack("=QQ", number, number + 1))
    after = (tmp_path / "limits").stat()
    assert (after.st_size, after.st_mode & 0o777) == (before.st_size, 0o600) == (512, 0o600)


def test_where_nothing_can_be_counted_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="can't be counted in"):
        Memory(tmp_path / "missing" / "limits")
    (tmp_path / "limits").symlink_to("/dev/null")
    with pytest.raises(Unavailable, match="can't be counted in"):
        Memory(tmp_path / "limits")
