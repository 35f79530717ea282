"""Customer ids: one customer however the log spells the id, and nobody where the id is a word for nobody."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from features.errors import FlywheelError
from features.ingestion.ingest import ingest
from features.ingestion.manifest import HistoryManifest
from features.ingestion.nobody_words import NOBODY_WORDS
from features.plausibility_note import PlausibilityNote
from tests.logs import canonical_rows, ingest_log, write_config


def ingest_ids(
    folder: Path, *ids: str, anonymous: Sequence[str] = (), never_anonymous: Sequence[str] = ()
) -> HistoryManifest:
    """Ingest a log with one order line for each of these ids."""
    lines = (f'"{customer_id}",2026-01-{day:02},5' for day, customer_id in enumerate(ids, 1))
    log = "\n".join(["customer,at,amount", *lines])
    return ingest_log(folder, log, anonymous=[*anonymous], never_anonymous=[*never_anonymous])


def customers(folder: Path) -> list[str]:
    return sorted({str(row[0]) for row in canonical_rows(folder, "customer_id")})


def note(manifest: HistoryManifest, code: str) -> PlausibilityNote:
    (found,) = [each for each in manifest.notes if each.code == code]
    return found


@pytest.mark.parametrize(
    "other", [" ann", "ann\u00a0", "\u3000ann\t", "\ufeffann", "a\u200bnn", "ann\u200e", "an\u00adn"]
)
def test_spellings_that_look_the_same_are_one_customer(tmp_path: Path, other: str) -> None:
    manifest = ingest_ids(tmp_path, "ann", other, "bob")
    assert customers(tmp_path) == ["ann", "bob"]
    assert manifest.tables[0].customers == 2
    found = note(manifest, "ids_trimmed")
    assert (found.severity, found.count) == ("info", 1)
    assert ascii(other) in found.example


def test_unicode_forms_of_one_id_are_one_customer(tmp_path: Path) -> None:
    manifest = ingest_ids(tmp_path, "Zoe\u0308", "Zoë", "한글", "\u1112\u1161\u11ab\u1100\u1173\u11af")
    assert customers(tmp_path) == ["Zoë", "한글"]
    assert note(manifest, "ids_trimmed").count == 2


def test_ids_that_all_have_a_blank_are_trimmed_without_a_word(tmp_path: Path) -> None:
    manifest = ingest_ids(tmp_path, "ann ", "bob ")
    assert customers(tmp_path) == ["ann", "bob"]
    assert manifest.notes == ()


@pytest.mark.parametrize("different", [("ann", "Ann"), ("007", "7"), ("a b", "ab"), ("a-1", "a1"), ("7", "7.5")])
def test_ids_that_look_different_stay_two_customers(tmp_path: Path, different: tuple[str, str]) -> None:
    manifest = ingest_ids(tmp_path, *different)
    assert customers(tmp_path) == sorted(different)
    assert manifest.notes == ()


def test_ids_that_differ_by_case_are_one_customer_where_the_shop_says_so(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer,at,amount\nAnn@X.com,2026-01-01,5\nann@x.com ,2026-01-02,5\n")
    config = write_config(tmp_path).model_copy(update={"id_case": "fold"})
    ingest(config, tmp_path / "history")
    assert customers(tmp_path) == ["ann@x.com"]


WORDS = [
    "d41d8cd98f00b204e9800998ecf8427e", "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709", "#REF!", "[deleted]",
    "NULL", "null ", "NaN", "None", "N/A", "#N/A", "\\N", "undefined", "[object Object]", "Guest", "GUEST",
    "guest\u00a0", "Anonymous", "unknown", "0", "-1", "散客", "匿名", "Gast", "Invité",
    "Invite\u0301", "walk-in", "ゲスト",
]  # fmt: skip


@pytest.mark.parametrize("word", WORDS)
def test_a_word_for_nobody_is_no_customer(tmp_path: Path, word: str) -> None:
    manifest = ingest_ids(tmp_path, "ann", word, word, "17")
    assert customers(tmp_path) == ["17", "ann"]
    assert manifest.tables[0].without_customer == 2
    found = note(manifest, "ids_nobody")
    assert (found.severity, found.count) == ("warning", 2)
    assert "never_anonymous" in found.remedy
    assert repr(word) in found.found


def test_an_empty_id_is_nobody_without_a_note(tmp_path: Path) -> None:
    manifest = ingest_ids(tmp_path, "ann", "", "  ", "\u3000", "\u200b")
    assert manifest.tables[0].without_customer == 4
    assert manifest.notes == ()


def test_a_shop_adds_words_for_nobody_and_takes_words_off(tmp_path: Path) -> None:
    manifest = ingest_ids(tmp_path, "Till 3", " till 3", "Guest", "0", anonymous=["TILL 3"], never_anonymous=["guest"])
    assert customers(tmp_path) == ["Guest"]
    assert manifest.tables[0].without_customer == 3
    assert note(manifest, "ids_nobody").count == 1


@pytest.mark.parametrize("customer_id", ["nullable", "guest-7", "00", "10", "na7", "散客1", "nulls@x.com"])
def test_an_id_that_contains_such_a_word_is_a_customer(tmp_path: Path, customer_id: str) -> None:
    ingest_ids(tmp_path, customer_id)
    assert customers(tmp_path) == [customer_id]


def test_words_for_nobody_are_canonical() -> None:
    assert {"null", "guest", "散客", "0"} < NOBODY_WORDS


def test_whole_numbers_written_as_floats_are_whole_numbers(tmp_path: Path) -> None:
    for month, ids in enumerate((["61", "62"], ["61.0", "63.0"]), 1):
        lines = "".join(f"{customer_id},2026-0{month}-01,5\n" for customer_id in ids)
        (tmp_path / f"orders{month}.csv").write_text("customer,at,amount\n" + lines)
    manifest = ingest(write_config(tmp_path, path="orders*.csv"), tmp_path / "history")
    assert customers(tmp_path) == ["61", "62", "63"]
    found = note(manifest, "ids_whole_floats")
    assert (found.severity, found.count, found.example) == ("info", 2, "'61.0'")


@pytest.mark.parametrize("other", ["61.5", "A-1", "1e5"])
def test_one_other_id_keeps_all_ids_digit_for_digit(tmp_path: Path, other: str) -> None:
    manifest = ingest_ids(tmp_path, "61.0", other)
    assert customers(tmp_path) == sorted(["61.0", other])
    assert manifest.notes == ()


def test_a_word_for_nobody_among_floats_changes_nothing(tmp_path: Path) -> None:
    ingest_ids(tmp_path, "61.0", "62", "0.0", "nan", " 61 ")
    assert customers(tmp_path) == ["61", "62"]


def test_ids_so_long_that_another_column_was_probably_meant_are_noted(tmp_path: Path) -> None:
    manifest = ingest_ids(tmp_path, "x" * 256, "y" * 257)
    assert note(manifest, "ids_long").count == 1


def test_whoever_is_erased_in_one_spelling_stays_out_in_every_other(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer,at,amount\nann,2026-01-01,5\n ann,2026-01-02,5\nbob,2026-01-03,5\n")
    ingest(
        write_config(tmp_path), tmp_path / "history", select_erased=lambda ids: [each for each in ids if each == " ann"]
    )
    assert customers(tmp_path) == ["bob"]


def test_one_id_of_several_columns_is_the_first_that_is_somebody(tmp_path: Path) -> None:
    log = (
        "mail,phone,at,amount\nann@x.com,1,2026-01-01,5\n,2,2026-01-02,5\nNULL,3,2026-01-03,5\nguest,n/a,2026-01-04,5\n"
    )
    manifest = ingest_log(tmp_path, log, customer_id=["mail", "phone"])
    assert customers(tmp_path) == ["2", "3", "ann@x.com"]
    assert manifest.tables[0].without_customer == 1


@pytest.mark.parametrize("mail", ["Till 3", " TILL 3", "till 3\u00a0", "Guest"])
def test_a_word_that_the_shop_adds_passes_on_to_the_next_column(tmp_path: Path, mail: str) -> None:
    log = f"mail,phone,at,amount\n{mail},1,2026-01-01,5\n{mail},,2026-01-02,5\nann@x.com,2,2026-01-03,5\n"
    manifest = ingest_log(tmp_path, log, customer_id=["mail", "phone"], anonymous=["till 3"])
    assert customers(tmp_path) == ["1", "ann@x.com"]
    assert manifest.tables[0].without_customer == 1


@pytest.mark.parametrize("mail", ["Guest", "0", "散客"])
def test_a_word_that_the_shop_takes_off_does_not_pass_on(tmp_path: Path, mail: str) -> None:
    log = f"mail,phone,at,amount\n{mail},1,2026-01-01,5\nNULL,2,2026-01-02,5\n"
    manifest = ingest_log(tmp_path, log, customer_id=["mail", "phone"], never_anonymous=[mail])
    assert customers(tmp_path) == sorted(["2", mail])
    assert manifest.tables[0].without_customer == 0


def test_channels_and_kinds_are_compared_without_case(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(
        "customer,at,kind,channel\nann,2026-01-01,App_Open,E-Mail\nann,2026-01-02, app_open ,e-mail\n"
        "ann,2026-01-03,POST,\n"
    )
    log = "customer,at,amount,way\nann,2026-01-01,5,Store\nann,2026-01-02,5,STORE \n"
    ingest_log(
        tmp_path, log, channel="way", events={"channel": "channel", "behaviour": ["App_open"], "social": ["Post"]}
    )
    assert canonical_rows(tmp_path, "channel") == [("store",), ("store",)]
    assert sorted(canonical_rows(tmp_path, "kind", "channel", table="events"), key=str) == [
        ("app_open", "e-mail"), ("app_open", "e-mail"), ("post", None),
    ]  # fmt: skip


def test_one_kind_in_both_lists_in_two_spellings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FlywheelError, match="post in both behaviour and social"):
        write_config(tmp_path, events={"behaviour": ["Post"], "social": ["post "]})
