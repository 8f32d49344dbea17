"""JSON in the shapes that programs export."""

import json

import pytest

from tenfold.exchange.rows import NotReadable


def rows(source):
    return [(row.number, row.error or row.values) for row in source.rows()]


@pytest.mark.parametrize("name", ["records", "data", "results", "items", "value"])
def test_a_list_within_an_object(opened, name):
    text = json.dumps({"total": 2, "paging": {"next": [1]}, name: [{"a": 1}, {"b": "x"}], "z": []})
    source = opened(text)
    assert source.kind == "json"
    assert rows(source) == [(1, {"a": "1"}), (2, {"b": "x"})]
    assert source.columns == ["a", "b"]


def test_nested_objects_are_flattened_and_numbers_kept_as_written(opened):
    text = """[{"id": 12345678901234567890, "properties": {"email": "a@b.org", "price": 1.10,
      "ok": true, "none": null, "tags": ["x", false], "empty": {}, "deep": {"er": [{"k": 1}]}}}]"""
    assert rows(opened(text)) == [
        (
            1,
            {
                "id": "12345678901234567890",
                "properties.email": "a@b.org",
                "properties.price": "1.10",
                "properties.ok": "true",
                "properties.none": None,
                "properties.tags": ["x", "false"],
                "properties.empty": {},
                "properties.deep.er": [{"k": "1"}],
            },
        )
    ]


def test_ndjson_goes_on_after_a_broken_line(opened):
    source = opened('{"a": 1}\n\n{"a": \n[1]\n{"a": 4, "late": 1}\n', "x.ndjson")
    assert source.kind == "ndjson"
    found = rows(source)
    assert [number for number, _ in found] == [1, 3, 4, 5]
    assert "not JSON" in found[1][1]
    assert "a list" in found[2][1]
    assert opened('{"a": 1}\n{"a": 2}\n').kind == "ndjson"
    assert opened('{"a": 1}\n').kind == "json"


def test_what_breaks_within_a_list_is_told_with_its_number_and_line(opened):
    found = rows(opened('[\n{"a": 1},\n7,\n{"a": 2} oops\n{"a": 3}]'))
    assert found[0] == (1, {"a": "1"})
    assert found[1][0] == 2
    assert "must be an object" in found[1][1]
    assert found[2] == (3, {"a": "2"})
    assert found[3][0] == 4
    assert found[3][1].startswith("JSON is broken near line 4, the rest was not read: a comma")
    assert len(found) == 4


@pytest.mark.parametrize(
    "text",
    ['[{"a": 1}', '[{"a": NaN}]', '{"records": [{"a": 1}', '{"a" 1}', '[{"a": 1},]', "[" * 99_999],
)
def test_broken_json_is_refused_never_raised(opened, text):
    assert [row.error for row in opened(text, "a.json").rows()][-1]


def test_text_that_no_field_can_keep_is_refused(opened):
    found = rows(opened(r'[{"a": "\ud800"}, {"b": "\u0000"}, {"c": "\ud83d\ude00"}]'))
    assert "surrogate" in found[0][1]
    assert "NUL" in found[1][1]
    assert found[2][1] == {"c": "😀"}


def test_columns_that_come_late_are_told(opened):
    many = [{"a": n} for n in range(40_000)]
    source = opened(json.dumps([*many, {"late": 1}]))
    assert source.columns == ["a"]
    assert sum(1 for _ in source.rows()) == 40_001
    assert source.late_columns == ["late"]


def test_json_in_utf_16(opened):
    assert rows(opened('[{"ä": "ß"}]'.encode("utf-16"))) == [(1, {"ä": "ß"})]


def test_a_file_called_json_that_is_none(opened):
    with pytest.raises(NotReadable, match="not JSON"):
        list(opened("a,b\n1,2\n", kind="json").rows())


def test_a_list_of_records_by_the_name_of_what_it_holds(opened):
    text = "\ufeff" + json.dumps({"contacts": [{"firstName": "Ann"}], "total": 1})
    assert rows(opened(text)) == [(1, {"firstName": "Ann"})]


@pytest.mark.parametrize(
    "wrapped",
    [
        {"export_date": "2026-01-01", "persons": [{"a": "1"}, {"a": "2"}]},
        {"success": True, "status": "ok", "result": {"people": [{"a": "1"}, {"a": "2"}]}},
        {"_embedded": {"page": "1", "hits": {"rows": [{"a": "1"}, {"a": "2"}]}}},
    ],
)
def test_records_wrapped_under_a_name_of_their_own(opened, wrapped):
    assert [found for _, found in rows(opened(json.dumps(wrapped)))] == [{"a": "1"}, {"a": "2"}]


@pytest.mark.parametrize(
    "single",
    [
        {"first_name": "Ann", "visits": [{"at": "x"}]},
        {"id": "7", "company": {"offices": [{"city": "Rome"}]}},
        {"visits": [{"at": "x"}], "calls": [{"at": "y"}]},
    ],
)
def test_a_record_with_a_list_in_it_is_one_record(opened, single):
    assert len(rows(opened(json.dumps(single)))) == 1


def test_where_a_line_is_broken_is_told_by_its_character(opened):
    _, (line, reason) = rows(opened('{"a": 1}\n{broken\n', "x.jsonl"))
    assert line == 2
    assert reason.endswith("at character 2.")
    assert "line 1" not in reason


@pytest.mark.parametrize("text", ['[{"name":', '[{"name": "Ac', '[{"name": "Acme", ', '[{"na'])
def test_a_file_that_ends_too_early_is_told_as_that(opened, text):
    ((number, reason),) = rows(opened(text, "a.json"))
    assert number == 1
    assert reason.endswith("the rest was not read: the file ends in the middle of a record.")
