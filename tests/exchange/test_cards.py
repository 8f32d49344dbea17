"""Cards made up for what the real ones lack."""

from tests.growth import grows_as_its_length


def card(*lines):
    return "\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""])


def test_a_broken_card_is_refused_and_the_others_go_on(opened):
    text = (
        card("VERSION:3.0", "FN:Ann")
        + card("VERSION:3.0", "FN:Bad", "this is no property")
        + "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Open\r\n"
        + card("VERSION:9.0", "FN:Later")
        + card("VERSION:4.0", "FN:Zed")
    )
    rows = list(opened(text, "a.vcf").rows())
    assert [row.values.get("full_name") for row in rows if not row.error] == ["Ann", "Zed"]
    bad = [row for row in rows if row.error]
    assert [row.number for row in bad] == [5, 10, 13]
    assert "'this is no property'" in bad[0].error
    assert "END:VCARD" in bad[1].error
    assert "9.0" in bad[2].error
    assert "FN:Open" in bad[1].raw


def test_charset_of_a_single_property(opened):
    content = card("VERSION:2.1", "FN;CHARSET=ISO-8859-1;QUOTED-PRINTABLE:M=FCller").encode()
    content += card("VERSION:2.1", "FN;CHARSET=UTF-8:Müller").encode()
    names = [row.values["full_name"] for row in opened(content, "a.vcf").rows()]
    assert names == ["Müller", "Müller"]


def test_a_stray_latin_1_card_in_a_utf_8_file(opened):
    content = card("VERSION:3.0", "FN:" + "Ünïcödé " * 5).encode()
    content += card("VERSION:2.1", "FN;CHARSET=ISO-8859-1:Müller").encode("latin-1")
    content += card("VERSION:2.1", "FN:Müller").encode("latin-1")
    source = opened(content, "a.vcf")
    rows = list(source.rows())
    assert source.encoding == "utf-8"
    assert rows[1].values["full_name"] == "Müller"
    assert "0xFC" in rows[2].error


def test_preferred_address_comes_first(opened):
    text = card("VERSION:3.0", "EMAIL:a@example.com", "EMAIL;TYPE=WORK,PREF:b@example.com", "UID:7")
    values = next(opened(text).rows()).values
    assert [email["value"] for email in values["emails"]] == ["b@example.com", "a@example.com"]
    assert values["uid"] == "7"


def test_a_cell_phone_comes_second_and_a_fax_is_no_telephone(opened):
    cell, work, fax = "TEL;TYPE=CELL,PREF:1", "TEL;TYPE=WORK:2", "TEL;TYPE=FAX,WORK:3"
    rows = opened(
        card("VERSION:3.0", fax, cell, work, "TEL;TYPE=HOME:4")
        + card("VERSION:2.1", "TEL;CELL:5", "TEL;FAX:6", "TEL;CELL:7")
        + card("VERSION:3.0", "TEL;TYPE=PAGER:8", "TEL;TYPE=HOME:9", work, cell)
        + card("VERSION:4.0", "FN:Ann")
    ).rows()
    found = [(row.values["phones"], row.values["faxes"]) for row in rows]
    told = [[[one["value"] for one in several or ()] for several in pair] for pair in found]
    assert told == [
        [["2", "1", "4"], ["3"]],
        [["5", "7"], ["6"]],
        [["9", "1", "8", "2"], []],
        [[], []],
    ]


def test_group_names_and_escapes(opened):
    text = card("VERSION:3.0", r"item1.NOTE:a\, b\; c\nd\\n", r"N:O\;B;Jo\, Ann;;;", "NICKNAME:J")
    values = next(opened(text).rows()).values
    assert values["note"] == "a, b; c\nd\\n"
    assert (values["last_name"], values["first_name"]) == ("O;B", "Jo, Ann")


def test_pictures_are_dropped_however_they_are_written(opened):
    picture = "/9j/4AAQSkZJRgABAQEAAQABAAD/2wBDAAIBAQEBAQIBAQE"
    text = (
        card("VERSION:2.1", "PHOTO;ENCODING=BASE64;JPEG:", *[picture] * 3, "", "FN:Ann")
        + card("VERSION:3.0", f"PHOTO;ENCODING=b:{picture * 100_000}", "FN:Bo")
        + card(
            "VERSION:3.0", f"item1.PHOTO;ENCODING=b:{picture}", *[f" {picture}"] * 40_000, "FN:Cy"
        )
        + card("VERSION:4.0", f"PHOTO:data:image/jpeg;base64,{picture}", "FN:Di")
    )
    rows = list(opened(text).rows())
    assert [row.error for row in rows] == [None] * 4
    assert [row.values["full_name"] for row in rows] == ["Ann", "Bo", "Cy", "Di"]


def test_an_endless_property_or_card_is_refused(opened):
    text = (
        card("VERSION:3.0", "NOTE:x", *[" " + "y" * 70] * 20_000)
        + card("VERSION:3.0", *["NOTE:" + "y" * 70] * 70_000)
        + card("VERSION:2.1", "NOTE;ENCODING=QUOTED-PRINTABLE:x=", *["y" * 70 + "="] * 20_000)
        + card("VERSION:3.0", "FN:Zed")
    )
    rows = list(opened(text).rows())
    assert [bool(row.error) for row in rows] == [True, True, True, False]
    assert "1,048,576" in rows[0].error
    assert "without its pictures" in rows[1].error
    assert all(len(row.raw) <= 10_000 for row in rows)


def test_a_group_of_cards_is_nobody(opened):
    text = (
        card("VERSION:3.0", "N:Team;Lab;;;", "FN:Lab Team", "X-ADDRESSBOOKSERVER-KIND:group")
        + card("VERSION:4.0", "KIND:group", "FN:Friends", "MEMBER:urn:uuid:1")
        + card("VERSION:4.0", "KIND:individual", "FN:Ann Lee")
    )
    rows = list(opened(text, "a.vcf").rows())
    reasons = ["The card can't be read: it is a group of other cards, nobody by itself."] * 2
    assert [row.error for row in rows] == [*reasons, None]


def test_a_companys_card_has_no_first_and_last_name(opened):
    text = card("VERSION:3.0", "N:;;;;", "FN:Marsh Inc.", "ORG:Marsh Inc.;", "X-ABShowAs:COMPANY")
    text += card("VERSION:4.0", "KIND:org", "FN:Noon Ltd.")
    found = [(r.values["full_name"], r.values["organization"]) for r in opened(text, "a").rows()]
    assert found == [(None, "Marsh Inc."), (None, "Noon Ltd.")]


def test_a_value_full_of_escapes_is_read_in_the_time_of_its_length(opened):
    def read(escapes: int) -> None:
        (row,) = opened(card("VERSION:3.0", "N:" + "\\;" * escapes), "a.vcf").rows()
        assert not row.error

    assert grows_as_its_length(read, 62_500, 250_000)
