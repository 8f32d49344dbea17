"""Separators, quoting, headers and broken rows."""

import pytest

from tenfold.exchange.rows import CELL_LIMIT, NotReadable
from tenfold.exchange.text_lines import LINE_LIMIT, is_encoding


def values(source):
    return [list(row.values.values()) for row in source.rows() if not row.error]


def bad(source):
    return [(row.number, row.error) for row in source.rows() if row.error]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_separators_and_line_ends_are_found(opened, separator, end):
    rows = [
        ["name", "price", "note"],
        ["Ann", "1.5", "x"],
        ["Bo", "2.5", '"a\nb ""c"""'],
        ["", "", "z"],
    ]
    source = opened(end.join(separator.join(row) for row in rows) + end)
    assert source.separator == separator
    assert values(source) == [["Ann", "1.5", "x"], ["Bo", "2.5", 'a\nb "c"'], ["", "", "z"]]
    assert [row.number for row in source.rows()] == [2, 3, 5]


def test_decimal_commas_do_not_hide_the_semicolon(opened):
    source = opened("name;price;area\nAnn;1,5;2,5\nBo;3,5;4,5\n")
    assert source.separator == ";"
    assert values(source)[0] == ["Ann", "1,5", "2,5"]


def test_excels_first_line_names_the_separator(opened):
    source = opened("sep=;\r\nname;a,b,c\r\nAnn;1,2,3\r\n")
    assert (source.separator, source.columns) == (";", ["name", "a,b,c"])
    assert [row.number for row in source.rows()] == [3]


def test_uneven_rows(opened):
    source = opened("a,b,c\n1,2\n1,2,3,4\n1,2,3\n1,2,3,\n")
    rows = list(source.rows())
    assert rows[0].values == {"a": "1", "b": "2", "c": ""}
    assert [row.number for row in rows if row.error] == [3, 5]
    assert "4 cells, the header 3" in rows[1].error
    assert rows[1].raw == "1,2,3,4\n"


def test_a_separator_at_the_end_of_each_row_but_the_header_is_harmless(opened):
    source = opened("a,b\n1,2,\n3,4,\n5,6,7\n")
    assert values(source) == [["1", "2"], ["3", "4"]]
    assert [number for number, _ in bad(source)] == [4]


def test_header_names_are_made_distinct_and_told(opened):
    source = opened("Email,,Email,Email (2)\na@b.org,1,2,3\n")
    assert source.columns == ["Email", "column_2", "Email (3)", "Email (2)"]
    assert len(source.notes) == 2
    assert "Column 2 has no name" in source.notes[0]


def test_a_file_without_header(opened):
    text = "Ann,ann@example.com,2026-01-02\nBo,bo@example.com,2026-01-03\n"
    source = opened(text)
    assert source.columns == ["column_1", "column_2", "column_3"]
    assert len(values(source)) == 2
    assert "no header" in source.notes[0]
    assert opened(text, header=True).columns == ["Ann", "ann@example.com", "2026-01-02"]
    assert len(values(opened("first,last\nx,y\n", header=False))) == 2


def test_blank_lines_are_passed_over_but_counted(opened):
    source = opened("\n\na,b\n\n1,2\n , \n,\n3,4\n")
    assert [(row.number, row.values["a"]) for row in source.rows()] == [(5, "1"), (8, "3")]


def test_a_quotation_mark_that_never_closes_costs_one_row(opened):
    lines = ["id,name,note", '1,Ann,"fine, yes"', '2,"Bo,x', *(f"{n},N,x" for n in range(3, 900))]
    source = opened("\n".join([*lines, '900,"Zed, Jr",x', '901,Y,"a\nb"']))
    assert bad(source) == [(3, "A quotation mark is opened here and never closed.")]
    found = values(source)
    assert len(found) == 900
    assert found[-2:] == [["900", "Zed, Jr", "x"], ["901", "Y", "a\nb"]]


def test_after_a_torn_row_short_rows_are_not_taken_for_whole_ones(opened):
    source = opened('a,b,c\n1,"x\ny,2\n3,4,5\n')
    assert [number for number, _ in bad(source)] == [2, 3]
    assert values(source) == [["3", "4", "5"]]


def test_an_unclosed_quotation_mark_at_the_end(opened):
    source = opened('a,b\n1,2\n3,"4\n5,6')
    assert values(source) == [["1", "2"], ["5", "6"]]
    assert [number for number, _ in bad(source)] == [3]


def test_a_file_of_unclosed_quotation_marks_is_given_up(opened):
    source = opened('x,y\nc,"d\n' + 'a","b\n' * 30_000, header=True)
    rows = list(source.rows())
    assert len(rows) < 200
    assert all(row.error for row in rows)
    assert "the rest of the file was not read" in rows[-1].error


def test_a_quotation_mark_inside_a_quoted_cell_is_refused(opened):
    source = opened('a,b\n"Joe" Smith,1\n5" pipe,2\n')
    assert values(source) == [['5" pipe', "2"]]
    assert "double it" in bad(source)[0][1]


def test_nul_and_bad_bytes_cost_their_row_only(opened):
    accents = "".join(f"Zoë{n},x\n" for n in range(50)).encode()
    source = opened(b"name,note\n" + accents + b"A\x00B,x\nJos\xe9,y\nZo\xc3\xab,z\n")
    assert source.encoding == "utf-8"
    assert [number for number, _ in bad(source)] == [52, 53]
    assert "NUL" in bad(source)[0][1]
    assert "0xE9" in bad(source)[1][1]
    assert values(source)[-1] == ["Zoë", "z"]


def test_a_cell_over_a_megabyte_is_refused(opened):
    source = opened(f"a,b\n1,{'x' * (CELL_LIMIT + 1)}\n2,{'y' * CELL_LIMIT}\n3,z\n")
    assert [number for number, _ in bad(source)] == [2]
    assert "at most 1,048,576" in bad(source)[0][1]
    assert [row[0] for row in values(source)] == ["2", "3"]


def test_an_endless_line_is_refused_and_passed_over(opened):
    source = opened(f"a,b\n1,{'x' * (2 * LINE_LIMIT)}\n2,z\n")
    assert [number for number, _ in bad(source)] == [2]
    assert values(source) == [["2", "z"]]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "only blanks"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"SQLite format 3\x00", "SQLite"),
    ],
)
def test_what_is_no_table_is_named(opened, content, says):
    with pytest.raises(NotReadable, match=says):
        opened(content)


def test_an_unknown_encoding_is_named(opened):
    with pytest.raises(NotReadable, match="no encoding 'utf-9'"):
        opened("a,b\n1,2\n", encoding="utf-9")


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("utf-8", True), ("UTF-16", True), ("utf-32-be", True), ("cp1252", True), ("shift_jis", True),
     ("utf-9", False), ("base64", False), ("", False), ("\0", False)],
)  # fmt: skip
def test_names_of_encodings(name, is_one):
    assert is_encoding(name) == is_one


def test_a_title_before_the_header_is_passed_over(opened):
    source = opened("My Report;;\n;;\nFirst Name;Email;Phone\nAnn;a@b.org;1\n")
    assert source.columns == ["First Name", "Email", "Phone"]
    assert values(source) == [["Ann", "a@b.org", "1"]]
    assert [row.number for row in source.rows()] == [4]


@pytest.mark.parametrize(
    ("row", "total"),
    [("Total,,300000", True), ('Grand total:,2,"300,000"', True), ("Total,Oil,5", False)],
)
def test_a_total_is_no_record_but_a_name_is(opened, row, total):
    source = opened(f"Name,Note,Amount\nAnn,x,1\n{row}\n")
    assert bool(bad(source)) == total


def test_a_cell_that_holds_a_text_for_a_spreadsheet(opened):
    (row,) = opened('Zip,Note\n="01234","=""00 7"""\n').rows()
    assert row.values == {"Zip": "01234", "Note": "00 7"}
    (ours,) = opened('Zip,Note\n"\'=""01234""",x\n').rows()
    assert ours.values["Zip"] == '="01234"'
