"""Twin ids: ids that differ in their form only are counted, one kind of difference at a time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.features.plausible import FIRST, Line, notes_of, ordinary_lines

FULL_WIDTH = "\uff11\uff12\uff13"  # 123


def lines_of(*ids: str) -> list[Line]:
    return [(customer, f"{FIRST + timedelta(days=number)} 12:00", "11.50") for number, customer in enumerate(ids)]


@pytest.mark.parametrize(
    ("ids", "code", "example"),
    [
        (("Ann@x.org", "ann@x.org"), "ids_differ_by_case", "'Ann@x.org' and 'ann@x.org'"),
        (("ÅSA", "åsa"), "ids_differ_by_case", "'ÅSA' and 'åsa'"),
        (("61", "61.0"), "ids_differ_by_point_zero", "'61' and '61.0'"),
        (("0061", "61"), "ids_differ_by_leading_zeros", "'0061' and '61'"),
        ((FULL_WIDTH, "123"), "ids_differ_by_unicode_form", f"'123' and '{FULL_WIDTH}'"),
        (("ﬁne", "fine"), "ids_differ_by_unicode_form", "'fine' and 'ﬁne'"),
        (("+49 30 123-456", "+4930123456"), "ids_differ_by_punctuation", "'+49 30 123-456' and '+4930123456'"),
        (("{ab12-cd34}", "ab12cd34"), "ids_differ_by_punctuation", "'ab12cd34' and '{ab12-cd34}'"),
        (("'00012345", "00012345"), "ids_differ_by_punctuation", "\"'00012345\" and '00012345'"),
    ],
)
def test_ids_that_differ_in_their_form_are_two_customers_and_a_note(
    ids: tuple[str, ...], code: str, example: str
) -> None:
    notes = notes_of([*ordinary_lines(), *lines_of(*ids, *ids)])
    assert set(notes) == {code}
    assert (notes[code].count, notes[code].example) == (2, example)
    assert notes[code].found.endswith("and would be 1 customer")
    assert notes[code].severity == ("info" if code == "ids_differ_by_punctuation" else "warning")


def test_each_person_counts_once_however_many_forms_there_are() -> None:
    notes = notes_of([*ordinary_lines(), *lines_of("ANN", "Ann", "ann", "BOB", "bob")])
    assert (
        notes["ids_differ_by_case"].found
        == "5 customer ids differ by upper and lower case only, and would be 2 customers"
    )
    assert 'id_case = "fold"' in notes["ids_differ_by_case"].remedy


@pytest.mark.parametrize(
    "ids",
    [
        ("ANN", "BOB"),
        ("61.0", "62"),
        ("0061", "0062"),
        ("61.5", "61"),
        ("4.0", "40"),
        ("1-23", "12-3"),
        ("张三", "张四"),
        ("a", "á"),
    ],
)
def test_ids_that_differ_otherwise_are_plausible(ids: tuple[str, ...]) -> None:
    assert notes_of([*ordinary_lines(), *lines_of(*ids, *ids)]) == {}
