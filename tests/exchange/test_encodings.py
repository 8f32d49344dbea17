"""Files in other encodings give the same text."""

import codecs
import io

import pytest

from tenfold.exchange.readers import open_source
from tenfold.exchange.rows import NotReadable

TABLE = "Vorname;Straße;Ort\nJürgen;Königsallee 1;Köln\nZoë;Rue de l’Été 5;Paris\n" * 20
JAPANESE = "名前,会社,都市\n山本太郎,山本工務店,東京都\n佐藤花子,佐藤商店,大阪府\n" * 20
RUSSIAN = "Имя,Фамилия,Город\nИван,Петров,Москва\nОльга,Смирнова,Новосибирск\n" * 20
POLISH = "Imię,Nazwisko,Miasto\nŁukasz,Wiśniewski,Łódź\nMałgorzata,Dąbrowska,Gdańsk\n" * 20


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (TABLE, "utf-8"),
        (TABLE, "utf-8-sig"),
        (TABLE, "utf-16"),
        (TABLE, "utf-16-le"),
        (TABLE, "utf-16-be"),
        (TABLE, "utf-32"),
        (TABLE, "utf-32-le"),
        (TABLE, "utf-32-be"),
        (TABLE, "cp1252"),
        (TABLE.replace("’", "'"), "latin-1"),
        (JAPANESE, "utf-16-le"),
        (JAPANESE, "utf-16-be"),
        (JAPANESE, "cp932"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8_r"),
        (POLISH, "cp1250"),
    ],
)
def test_the_text_comes_back(opened, text, codec):
    source = opened(text.encode(codec))
    first = text.split("\n", 2)
    separator = ";" if ";" in first[0] else ","
    assert source.separator == separator
    assert source.columns == first[0].split(separator)
    rows = list(source.rows())
    assert not [row for row in rows if row.error]
    assert list(rows[0].values.values()) == first[1].split(separator)
    assert len(rows) == text.count("\n") - 1


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE])
def test_byte_order_marks_are_obeyed(opened, mark):
    codec = "utf-16-be" if mark == codecs.BOM_UTF16_BE else "utf-16-le"
    source = opened(mark + "a,b\r\nÄ,ß\r\n".encode(codec))
    assert (source.encoding, next(source.rows()).values) == (codec, {"a": "Ä", "b": "ß"})


def test_a_guess_is_told(opened):
    assert "cp1252 was guessed" in opened(TABLE.encode("cp1252")).notes[0]
    assert opened(TABLE.encode()).notes == []


def test_the_first_accent_decides_however_late_it_comes(opened):
    plain = b"name,city\n" + b"Ann,Rome\n" * 60_000
    assert opened(plain + "Zoë,Köln\n".encode("cp1252")).encoding == "cp1252"
    source = opened(plain + "Zoë,Köln\n".encode())
    assert source.encoding == "utf-8"


def test_an_encoding_that_is_given_is_used(opened):
    source = opened(RUSSIAN.encode("cp866"), encoding="cp866")
    assert next(source.rows()).values["Имя"] == "Иван"


class OneWay(io.RawIOBase):
    """A stream from the network: it can't go back, and gives little at a time."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        return self._rest.read(min(size, 1000) if size > 0 else size)


def test_a_stream_that_can_not_seek_is_read_once():
    content = b"name,city\n" + b"Ann,Rome\n" * 60_000
    source = open_source(OneWay(content))
    assert sum(1 for row in source.rows() if not row.error) == 60_000
    with pytest.raises(NotReadable, match="twice"):
        next(source.rows())


def test_a_seekable_stream_is_read_from_where_it_stood_and_left_open():
    stream = io.BytesIO(b"skipped\na,b\n1,2\n")
    stream.seek(8)
    source = open_source(stream)
    assert [row.values for row in source.rows()] == [row.values for row in source.rows()]
    assert source.columns == ["a", "b"]
    assert not stream.closed


def test_a_zero_byte_makes_no_utf_16_of_a_small_file(opened):
    source = opened(b"First Name,Email\nN\0ul,n1@example.com\nFine,n2@example.com\n")
    assert source.encoding == "utf-8"
    good, bad = (
        [row for row in source.rows() if not row.error],
        [row for row in source.rows() if row.error],
    )
    assert (len(good), [row.number for row in bad]) == (1, [2])


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"GIF89a\x01\x00", "a picture"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "a picture"),
        (b"<!DOCTYPE html><html><body><table></table></body></html>", "HTML"),
        (b"<?xml version='1.0'?><rows/>", "XML"),
    ],
)
def test_pictures_and_pages_are_named(opened, content, says):
    with pytest.raises(NotReadable, match=says):
        opened(content)


MAC = "First Name,Last Name,Notes\rJosé,Núñez,Café à l’été – über “tout”\rZoë,Müßig,Crème brûlée\r"
EURO = "Name;Preis\r\nŠárka Müller;12 €\r\nJosé Œuvré;7,50 €\r\n"


@pytest.mark.parametrize(("text", "codec"), [(MAC, "mac_roman"), (EURO, "iso8859_15")])
def test_old_macs_and_the_euro_of_unix(opened, text, codec):
    rows = list(opened(text.encode(codec)).rows())
    expected = text.replace("\r\n", "\r").split("\r")[1:-1]
    separator = ";" if ";" in text else ","
    assert [separator.join(row.values.values()) for row in rows] == expected


def test_a_few_words_of_windows_stay_windows(opened):
    text = "Name,Notes\nO’Neil – Šárka,“déjà vu” • 5 €\n"
    (row,) = opened(text.encode("cp1252")).rows()
    assert row.values == {"Name": "O’Neil – Šárka", "Notes": "“déjà vu” • 5 €"}


@pytest.mark.parametrize(
    "content",
    [
        bytes(place * 7919 % 256 for place in range(4_000)),
        b"\x00\x00\x00\x18ftypheic" + bytes(place * 31 % 251 for place in range(2_000)),
        b"\x28\xb5\x2f\xfdabc",
        b"BZh91AY&SY",
        b"PAR1\x15\x04",
    ],
)
def test_what_is_no_text_is_one_sentence(opened, content):
    with pytest.raises(NotReadable, match="a CSV, Excel, JSON or vCard file is needed"):
        opened(content, "contacts.csv")
