"""What is written is safe to open, and comes back as it was."""

import csv
import io
import tracemalloc
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tenfold.exchange.formulas import neutral, restored
from tenfold.exchange.mapping import guess
from tenfold.exchange.readers import open_source
from tenfold.exchange.refusals import write_refusals
from tenfold.exchange.rows import NotReadable, Row
from tenfold.exchange.values import KINDS, Reading, Refusal, learn, read
from tenfold.exchange.write_csv import write_csv

# No lone surrogates (UTF-8 has none) and no NUL (PostgreSQL keeps none).
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
cells = st.one_of(
    texts, st.sampled_from(["=1+1", "'=x", "''@a", "-5", "+1", "a,b;c", '"', "\r", "\n"])
)
quick = settings(max_examples=150, deadline=None)


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://x")',
        "+14155550101",
        "-1+1",
        "@SUM(A1)",
        "\tx",
        "\rx",
        "\n=1",
        "  =1",
        "\u200b=1",
        "\ufeff=1",
        "＝1",
        "＠x",
        "'=1",
        "-2E3+cmd|' /C calc'!A0",
        "-",
    ],
)
def test_what_a_spreadsheet_would_run_is_marked(text):
    assert neutral(text) == f"'{text}"
    assert restored(neutral(text)) == text


@pytest.mark.parametrize(
    "text", ["-5", "-1,234.50", "-1.5e-7", "5", "a=b", "O'Brien", "'quoted'", ""]
)
def test_plain_texts_and_negative_numbers_are_left_alone(text):
    assert neutral(text) == text
    assert restored(text) == text


@quick
@given(cells)
def test_marking_can_be_undone(text):
    assert restored(neutral(text)) == text


@quick
@given(
    st.lists(st.tuples(cells, cells, cells).filter(lambda row: any(c.strip() for c in row))),
    st.sampled_from([",", ";", "\t", "|"]),
    st.booleans(),
)
@example([("a", '"', "\r\n"), ("=1", "'", " ")], ",", True)
def test_what_is_written_is_read_again(rows, separator, bom):
    columns = ["First name", "E-mail", "Notes"]
    dicts = [dict(zip(columns, row, strict=True)) for row in rows]
    content = b"".join(write_csv(columns, dicts, separator=separator, bom=bom))
    source = open_source(io.BytesIO(content), encoding="utf-8", separator=separator, header=True)
    found = list(source.rows())
    assert source.columns == columns
    assert [row.error for row in found] == [None] * len(rows)
    assert [row.values for row in found] == dicts


def test_typed_values_are_plain_and_a_negative_amount_is_a_number():
    row = {
        "a": Decimal("-1E+3"),
        "b": True,
        "c": date(2026, 11, 21),
        "d": datetime(2026, 11, 21, tzinfo=UTC),
        "e": ["x", "y"],
        "f": {"city": "Köln"},
        "g": None,
        "h": ["a;b"],
        "i": -3,
    }
    content = b"".join(write_csv(list(row), [row], bom=False)).decode()
    assert next(csv.reader(content.splitlines()[1:])) == [
        "-1000", "true", "2026-11-21", "2026-11-21T00:00:00+00:00", "x; y", '{"city":"Köln"}', "",
        '["a;b"]', "-3",
    ]  # fmt: skip


def test_export_streams_in_pieces():
    pieces = list(write_csv(["a"], ({"a": "x" * 1000} for _ in range(1000))))
    assert pieces[0] == b"\xef\xbb\xbf"
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 100_000


def test_refused_rows_can_be_read_again(opened):
    source = opened('name,line\n=1+1,2,3\nAnn,1\nBo,"x\n')
    refused = [row for row in source.rows() if row.error]
    refused.append(Row(9, {"name": "=cmd", "line": "x"}, "E-mail 'x' is wrong."))
    again = open_source(io.BytesIO(b"".join(write_refusals(source.columns, refused))))
    assert again.columns == ["name", "line", "line (2)", "reason", "raw"]
    rows = [row.values for row in again.rows()]
    assert [row["line (2)"] for row in rows] == ["2", "4", "9"]
    assert "3 cells" in rows[0]["reason"]
    assert rows[0]["raw"] == "=1+1,2,3\n"
    assert (rows[2]["name"], rows[2]["raw"]) == ("=cmd", "")


@quick
@given(
    st.one_of(
        st.binary(max_size=300),
        st.text('",;\r\n\t|ab\x00é{}[]:=', max_size=200).map(lambda text: text.encode()),
        st.lists(
            st.sampled_from(
                [
                    b"BEGIN:VCARD\n",
                    b"END:VCARD\n",
                    b"VERSION:2.1\n",
                    b"VERSION:4.0\n",
                    b"N:a;b\n",
                    b" x\n",
                    b"TEL;X=\xff:1\n",
                    b"FN;ENCODING=QUOTED-PRINTABLE:=C3=\n",
                    b"=91\n",
                    b"\n",
                    b"PHOTO:x\n",
                ]
            )
        ).map(lambda lines: b"BEGIN:VCARD\n" + b"".join(lines)),
        st.lists(
            st.sampled_from([b'{"a":', b"1", b"}", b"[", b"]", b",", b'"\\ud800"', b"\n", b"nul"])
        ).map(lambda parts: b"[" + b"".join(parts)),
    )
)
def test_any_bytes_are_read_or_refused_but_never_crash(content):
    try:
        source = open_source(io.BytesIO(content))
        rows = list(source.rows())
    except NotReadable:
        return
    for row in rows:
        assert row.number >= 1
        if row.error is None:
            "".join(map(str, row.values.values())).encode("utf-8")
    guess(source.columns, [row.values for row in rows], [])


@quick
@given(st.sampled_from(sorted(KINDS)), st.one_of(texts, st.text("0123456789.,-/+:() $€TZPMam")))
def test_any_text_is_a_value_or_refused(kind, text):
    how = learn(kind, [text], Reading(zone="Europe/Berlin", options={"a": "A"}))
    reason = "."
    try:
        read(kind, text, how)
    except Refusal as refusal:
        reason = refusal.reason
    assert reason.endswith((".", "?"))


class Endless(io.RawIOBase):
    """Rows made as they are read, so that nothing but the reader holds any."""

    def __init__(self, row: bytes, count: int) -> None:
        self._row = row
        self._left = count
        self._held = b"name,email,note\r\n"

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while len(self._held) < size and self._left:
            self._held += self._row * min(50, self._left)
            self._left -= min(50, self._left)
        piece, self._held = self._held[:size], self._held[size:]
        return piece

    def readinto(self, buffer):
        raise NotImplementedError


def test_memory_stays_flat_over_a_long_file():
    row = b'Ann,ann@example.com,"' + b"a note, with commas " * 50 + b'"\r\n'
    tracemalloc.start()
    try:
        source = open_source(Endless(row, 20_000))
        count = sum(1 for row in source.rows() if row.error is None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 8_000_000, f"{peak:,} bytes for a file of 20 MB"
