"""The benchmark's arithmetic, what its client counts as an error, and how a run ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from bench.client import Ask, Job, Outcome, run
from bench.figures import Figure, Target, exit_code, percentile, ratios
from bench.load import Sample, send
from bench.machine import Meter
from bench.rounds import Measured, Rounds, interleaved

from bench import __main__ as command
from bench import options, people, pgbench, report
from tenfold import app

GOOD = b'{"success":true,"data":[{"id":1},{"id":2}]}'


# --- arithmetic ---


def test_percentiles_are_values_that_were_measured():
    values = [float(n) for n in range(100, 0, -1)]
    assert percentile(values, 50) == 50
    assert percentile(values, 95) == 95
    assert percentile(values, 99) == 99
    assert percentile(values, 100) == 100
    assert percentile([7.0], 95) == 7
    assert percentile([1.0, 2.0, 3.0], 50) == 2
    assert percentile([], 95) == 0


def test_ratios_are_taken_pair_by_pair():
    assert ratios([10, 30], [20, 40]) == [0.5, 0.75]
    assert ratios([10], [0]) == [0]
    with pytest.raises(ValueError, match="shorter"):
        ratios([1, 2], [1])


def test_the_median_decides_and_either_side_can_be_asked_for():
    quick = Figure("pages", "/s", (900.0, 1_300.0, 1_250.0), Target(1_200))
    assert (quick.median, quick.met, quick.verdict) == (1_250, True, "met")
    slow = Figure("p95", "ms", (40.0, 51.0, 60.0), Target(50, at_most=True))
    assert (slow.median, slow.met, slow.verdict) == (51, False, "MISSED")
    assert Figure("plain", "/s", (1.0,)).met


def test_what_was_measured_with_a_problem_or_not_at_all_is_not_met():
    wrong = Figure("pages", "/s", (9_000.0,), Target(1), problem="3 times status 500")
    assert not wrong.met
    assert "status 500" in wrong.verdict
    assert not Figure("pages", "/s", ()).met


# --- the client ---


@asynccontextmanager
async def answering(*answers: bytes) -> AsyncIterator[int]:
    """A server that gives these answers in turn, the last one for ever; an empty one hangs up."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await _request(reader):
            answer = left.pop(0) if len(left) > 1 else left[0]
            if not answer:
                break
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


async def _request(reader: asyncio.StreamReader) -> bool:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return False
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            await reader.readexactly(int(line.split(b":")[1]))
    return True


def answer(body: bytes, status: int = 200) -> bytes:
    """An HTTP answer."""
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


async def ask(port: int, times: int = 3, **more: object) -> Outcome:
    """Send a few requests, one after another."""
    job = Job(
        port=port,
        asks=[Ask("GET", "/v1/leads", "token")],
        connections=1,
        times=times,
        **more,  # pyright: ignore[reportArgumentType]
    )
    return await run(job, lambda _text: None)


@pytest.mark.anyio
async def test_good_answers_are_counted_with_their_time():
    async with answering(answer(GOOD)) as port:
        outcome = await ask(port, times=40, rows=2, contains='"id"')
    assert (outcome.requests, outcome.errors) == (40, {})
    assert 0 < outcome.milliseconds["p50"] <= outcome.milliseconds["p99"]
    assert outcome.body_bytes == len(GOOD)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (answer(b'{"success":false,"error":{"code":"RATE_LIMITED"}}', 429), "status 429"),
        (answer(b'{"success":false,"error":{}}'), "not a good answer"),
        (answer(b'{"success":true,"data":[{"id":'), "not readable"),
        (answer(b'{"success":true,"data":[{"id":1}]}'), "1 rows, not 2"),
        (answer(b'{"success":true,"data":[1,2]}'), 'without "id"'),
        (b"HTTP/1.1 200 OK\r\n\r\n" + GOOD, "an answer without its length"),
        (b"", "connection lost (closed)"),
    ],
)
async def test_a_bad_answer_is_an_error_and_no_request(bad: bytes, what: str):
    async with answering(answer(GOOD), bad) as port:
        outcome = await ask(port, times=2, rows=2, contains='"id"')
    assert outcome.requests == 1
    assert outcome.errors == {what: 1}
    assert outcome.first_error.startswith(what)


@pytest.mark.anyio
async def test_an_error_in_the_warm_up_counts_too():
    async with answering(answer(b"{}", 500), answer(GOOD)) as port:
        job = Job(
            port=port, asks=[Ask("GET", "/", "")], connections=2, warm_seconds=0.2, seconds=0.2
        )
        outcome = await run(job, lambda _text: None)
    assert outcome.errors == {"status 500": 1}
    assert outcome.requests > 10
    assert 0.2 <= outcome.seconds < 1


@pytest.mark.anyio
async def test_a_server_that_is_not_there_is_an_error():
    async with answering(answer(GOOD)) as port:
        pass
    outcome = await ask(port)
    assert outcome.requests == 0
    assert sum(outcome.errors.values()) == 1


@pytest.mark.anyio
async def test_only_this_machine_is_spoken_to():
    job = Job(port=80, host="192.0.2.1", asks=[Ask("GET", "/", "")], connections=1)
    with pytest.raises(ValueError, match="only to this machine"):
        await run(job)


@pytest.mark.anyio
async def test_each_write_has_a_number_of_its_own():
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(3):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            seen.append(await reader.readexactly(length))
            writer.write(answer(GOOD, 201))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        asks = [Ask("POST", "/v1/leads", "token", '{"n":"{n}"}')]
        job = Job(port=port, asks=asks, connections=1, times=3, status=201, first_number=9)
        outcome = await run(job, lambda _text: None)
    assert outcome.errors == {}
    assert [json.loads(body)["n"] for body in seen] == ["9", "10", "11"]


@pytest.mark.anyio
async def test_the_client_in_its_own_process_reports_errors_and_its_cpu():
    async with answering(answer(GOOD), answer(b"{}", 503)) as port:
        job = Job(port=port, asks=[Ask("GET", "/", "")], connections=1, times=3)
        sample = await asyncio.to_thread(send, job, Meter({}, {}))
    assert sample.requests == 1
    assert sample.problem.startswith("2 times status 503")
    assert sample.used.seconds > 0


# --- a run ---


def test_ways_are_measured_in_turn_after_a_warm_up_that_does_not_count():
    order: list[str] = []

    def way(name: str, rate: float):
        def measure(seconds: float) -> Sample:
            order.append(name)
            return Sample(rate if len(order) > 2 else 1, 10, seconds)

        return measure

    rounds = interleaved({"a": way("a", 5), "b": way("b", 10)}, 2, 1.0, lambda _text: None)
    assert order == ["a", "b", "a", "b", "a", "b"]
    assert ratios(rounds.rates("a"), rounds.rates("b")) == [0.5, 0.5]


def test_one_bad_sample_fails_the_figure():
    rounds = Rounds({"a": [Sample(9, 9, 1), Sample(9, 9, 1, problem="status 500")]})
    assert not rounds.figure("a", "/s", rounds.rates("a"), Target(1), "a").met


@pytest.mark.parametrize(
    ("value", "report_only", "code"), [(1_300, False, 0), (1_100, False, 1), (1_100, True, 0)]
)
def test_a_missed_target_makes_exit_code_1(
    value: float,
    report_only: bool,
    code: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
):
    figure = Figure("durable create", "/s", (value,), Target(1_200))
    rounds = Rounds({"create": [Sample(value, 100, 1.0)]})
    chosen = options.Options(results=tmp_path, report_only=report_only)
    facts: dict[str, object] = {"commit": "abc", "machine": {}, "load_average": {}}
    told = command._told({"create": Measured([figure], rounds)}, facts, chosen)
    assert told == code
    printed = capsys.readouterr().out
    assert ("MISSED" in printed) == (value < 1_200)
    (kept,) = tmp_path.glob("*.json")
    raw = json.loads(kept.read_text())
    assert raw["figures"][0]["values"] == [value]
    assert raw["samples"]["create"]["create"][0]["rate"] == value


def test_a_run_that_measured_nothing_has_not_met_its_targets():
    assert exit_code([]) == 1


def test_results_never_replace_those_of_another_run(tmp_path: Path):
    first = report.keep(tmp_path, {}, {"run": 1})
    second = report.keep(tmp_path, {}, {"run": 2})
    assert first != second
    assert json.loads(first.read_text())["run"] == 1


def test_an_unknown_measure_is_wrong_use(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as end:
        options.parse(["--only", "list,speed"])
    assert end.value.code == 2
    assert "'speed'" in capsys.readouterr().err
    chosen = options.parse(["--only", "create,list", "--rows", "20000", "--pairs", "1"])
    assert chosen.only == ("list", "create")
    assert (chosen.leads, chosen.students, chosen.one_tenant) == (20_000, 20_000, 20_000)
    assert chosen.imports == 1


# --- what is sent to PostgreSQL ---


def test_pgbench_runs_the_engines_statements():
    texts = pgbench.texts(app.registry())
    assert "json_agg" in texts.page
    assert ":tenant::UUID" in texts.page
    assert "LIMIT 51" in texts.page
    assert "row_to_json" not in texts.plain
    assert "LIMIT 50" in texts.plain
    assert "score_reasons" in texts.plain
    assert ":id::UUID" in texts.one
    assert "$" not in texts.page + texts.plain + texts.one


def test_records_are_made_with_the_engines_search_words_and_defaults():
    types = app.registry()
    lead = people.make(types.by_name["lead"])
    assert "repeat('A', cardinality(coalesce(f.words, '{}')))" in lead
    assert "do_not_call" in lead
    assert "1 + i % (SELECT count(*) - 1 FROM bench.tenants)" in lead
    assert "t.n = 7" in people.make(types.by_name["student"], one_tenant=7)
