"""Canonical form: Python and SQL agree on every text, and a form is its own canonical form."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import closing

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.canonical_form import (
    IdCase,
    canonical_id,
    canonical_id_sql,
    canonical_word,
    canonical_word_sql,
    is_canonical_sql,
)
from features.ingestion.canonical_functions import register_canonical_functions

# Texts of ids: mostly letters and digits, with blanks, invisible characters and marks that combine.
PARTS = st.sampled_from(
    ["a", "B", "7", " ", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u00ad", "e\u0301", "é", "ß", "客"]
)
TEXTS = st.one_of(
    st.lists(PARTS, max_size=6).map("".join),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12),
)
CASES: tuple[IdCase, ...] = ("keep", "fold")
WITHOUT_MEANING = {"Cn", "Co"}  # a million code points that are unassigned or private; one in a hundred stands for all
CHARACTERS = [
    chr(point)
    for point in range(1, sys.maxunicode + 1)
    if not 0xD800 <= point < 0xE000 and (point % 100 == 0 or unicodedata.category(chr(point)) not in WITHOUT_MEANING)
]


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with closing(duckdb.connect()) as connection:
        register_canonical_functions(connection)
        yield connection


def sql_forms(connection: duckdb.DuckDBPyConnection, expression: str, texts: list[str]) -> list[object]:
    """The value of an SQL expression over the column ``text``, for each of these texts."""
    numbered = pa.table({"position": range(len(texts)), "text": pa.array(texts, pa.string())})
    connection.register("numbered", numbered)
    ordered = connection.table("numbered").order("position").project(expression)
    return [row[0] for row in ordered.fetchall()]


@pytest.mark.parametrize("id_case", CASES)
@settings(max_examples=60)
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
def test_sql_and_python_agree_on_any_id(
    connection: duckdb.DuckDBPyConnection, id_case: IdCase, texts: list[str]
) -> None:
    expected = [canonical_id(text, id_case) or None for text in texts]
    assert sql_forms(connection, canonical_id_sql("text", id_case), texts) == expected


@pytest.mark.parametrize("id_case", CASES)
def test_sql_and_python_agree_on_every_character(connection: duckdb.DuckDBPyConnection, id_case: IdCase) -> None:
    expected = [canonical_id(character, id_case) or None for character in CHARACTERS]
    assert sql_forms(connection, canonical_id_sql("text", id_case), CHARACTERS) == expected


def test_the_characters_that_sql_keeps_never_combine(connection: duckdb.DuckDBPyConnection) -> None:
    flags = sql_forms(connection, is_canonical_sql("text"), CHARACTERS)
    plain = {character for character, flag in zip(CHARACTERS, flags, strict=True) if flag}
    decompositions = [unicodedata.decomposition(character).split() for character in CHARACTERS]
    second_parts = {chr(int(parts[1], 16)) for parts in decompositions if len(parts) == 2 and parts[0][0] != "<"}
    assert {"a", "客", "ü"} < plain
    assert not plain & second_parts


@pytest.mark.parametrize("id_case", CASES)
@given(text=TEXTS)
def test_a_canonical_form_is_its_own(id_case: IdCase, text: str) -> None:
    form = canonical_id(text, id_case)
    assert canonical_id(form, id_case) == form


@given(text=TEXTS)
def test_case_never_makes_two_words_of_one(text: str) -> None:
    assert canonical_word(canonical_id(text)) == canonical_word(text)
    assert canonical_word(text.casefold()) == canonical_word(text)


@pytest.mark.parametrize(
    "spelling",
    [
        " Zoë-7", "Zoë-7\t", "\u00a0Zoë-7\u3000", "Zoe\u0308-7", "\ufeffZoë-7", "Zo\u200bë-7", "Zoë\u00ad-7",
        "\u202aZoë-7\u202c", "Zoë-7\x00", "\u2800Zoë-7\r\n",
    ],
)  # fmt: skip
def test_blanks_unicode_form_and_invisible_characters_make_no_other_customer(spelling: str) -> None:
    assert canonical_id(spelling) == "Zoë-7"


@pytest.mark.parametrize(
    "customer_id", ["007", "7", "Ann", "ann", "a b", "a  b", "1.0", "8.61E+12", "\uff41", "a-b", "'"]
)
def test_an_id_is_otherwise_kept_digit_for_digit(customer_id: str) -> None:
    assert canonical_id(customer_id) == customer_id


def test_an_id_of_invisible_characters_alone_is_nobody(connection: duckdb.DuckDBPyConnection) -> None:
    assert canonical_id("\u200b \ufeff") == ""
    assert sql_forms(connection, canonical_id_sql("text"), ["\u200b \ufeff", ""]) == [None, None]


def test_words_are_compared_without_case(connection: duckdb.DuckDBPyConnection) -> None:
    spellings = ["E-Mail", "e-mail ", "\u00a0E-MAIL", "E-MAI\u200bL"]
    assert set(map(canonical_word, spellings)) == {"e-mail"}
    assert set(sql_forms(connection, canonical_word_sql("text"), spellings)) == {"e-mail"}
    assert canonical_word("STRASSE") == canonical_word("Straße")
