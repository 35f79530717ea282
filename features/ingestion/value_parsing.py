"""Value parsing: DuckDB SQL that turns raw values into canonical ones; ``column_types`` are the raw DuckDB types."""

from __future__ import annotations

from collections.abc import Sequence

from features.canonical_form import canonical_id_sql, canonical_word_sql
from features.ingestion.canonical_schema import Field, IdForm, ParseAs, Table
from features.ingestion.expressions import NumberSql, columns_of, number_sql
from features.ingestion.instant_parsing import instant_columns, instant_value_sql
from features.ingestion.missing_values import missing_sql
from features.ingestion.raw_text import ColumnTypes, column_text_sql, filled_text_sql, is_text
from features.ingestion.values.number_formats import number_format_sql
from features.storage.sql_quoting import quote_identifier, quote_literal


def source_columns(field: Field, column_types: ColumnTypes) -> list[str]:
    """The raw columns that a field is parsed from.

    Raises:
        InvalidConfig: a source of the field is neither a column nor an expression.
    """
    return [column for source in field.sources for column in columns_of_source(field, source, column_types)]


def columns_of_source(field: Field, source: str, column_types: ColumnTypes) -> list[str]:
    """The raw columns that one source of a field names.

    Raises:
        InvalidConfig: the source is neither a column nor an expression.
    """
    if field.is_number:
        return columns_of(source, list(column_types))
    return instant_columns(source, column_types) if field.parse_as is ParseAs.INSTANT else [source]


def value_sql(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """SQL of the canonical value; it is null where the raw value is missing or unreadable."""
    match field.parse_as:
        case ParseAs.CUSTOMER_ID:
            return canonical_customer_sql(id_spelling_sql(table, column_types), table.id_form)
        case ParseAs.TEXT:
            return _text_sql(field, column_types)
        case ParseAs.WORD:
            return canonical_word_sql(f"({_text_sql(field, column_types)})")
        case ParseAs.INSTANT:
            return instant_value_sql(field, column_types).value
        case ParseAs.FLAG:
            return f"TRY_CAST({_text_sql(field, column_types)} AS BOOLEAN)"
    number = _number_sql(field, column_types)
    value = f"CASE WHEN {number.blank} THEN 0 ELSE {number.value} END" if field.blank_is_zero else number.value
    # Decimals add up to the same total in any order; floating point does not.
    return f"TRY_CAST(round(CASE WHEN isfinite({value}) THEN {value} END, 4) AS DECIMAL(18, 4))"


def blank_sql(field: Field, column_types: ColumnTypes) -> str:
    """SQL of whether the raw value of a line is missing: blank, or a word for nothing."""
    if field.is_number:
        return _number_sql(field, column_types).blank or "false"
    if field.parse_as is ParseAs.INSTANT:
        return instant_value_sql(field, column_types).blank
    return f"({_text_sql(field, column_types)}) IS NULL"


def doubtful_sql(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """SQL of whether a line has no readable value, although one is required or something is written there.

    It is true of every line that is unreadable or has a blank amount, and faster to find false.
    """
    if field.is_text and not field.required:
        return "false"
    missing = f"({value_sql(table, field, column_types)}) IS NULL"
    columns = source_columns(field, column_types)
    if field.required or not columns:
        return missing
    filled = (f"({filled_text_sql(column, column_types[column])}) IS NOT NULL" for column in columns)
    return f"{missing} AND ({' OR '.join(filled)})"


def unreadable_sql(table: Table, field: Field, column_types: ColumnTypes) -> str:
    """SQL of whether a line has no readable value where it needs one, or an unreadable one; a blank amount is neither.

    What a blank amount means is decided by order.
    """
    if field.is_text and not field.required:
        return "false"
    missing = f"({value_sql(table, field, column_types)}) IS NULL"
    if field.required and field.parse_as is not ParseAs.AMOUNT:
        return missing
    return f"{missing} AND NOT {blank_sql(field, column_types)}"


def sample_sql(field: Field, column_types: ColumnTypes) -> str:
    """SQL of the raw value as text, for error messages."""
    parts = [
        f"coalesce(nullif(CAST({quote_identifier(part)} AS VARCHAR), ''), '(empty)')"
        for part in source_columns(field, column_types)
    ]
    return f"concat_ws(' | ', {', '.join(parts)})" if parts else quote_literal(str(field.source))


def has_customer_sql(table: Table, column_types: ColumnTypes) -> str:
    """SQL of whether a line belongs to a customer."""
    if table.name == "costs":
        return "true"
    spelling = id_spelling_sql(table, column_types)
    nobody = ", ".join(map(quote_literal, table.id_form.nobody))
    return f"{spelling} IS NOT NULL" + (f" AND {spelling} NOT IN ({nobody})" if nobody else "")


def id_spelling_sql(table: Table, column_types: ColumnTypes) -> str:
    """SQL of a customer id as the log spells it: of the first column that names somebody; null where none is filled."""
    *others, last = (f"({filled_text_sql(column, column_types[column])})" for column in table.fields[0].sources)
    words = ", ".join(map(quote_literal, sorted(table.nobody_words))) or "''"
    filled = [f"CASE WHEN {canonical_word_sql(other)} NOT IN ({words}) THEN {other} END" for other in others]
    return f"coalesce({', '.join([*filled, last])})" if others else last


def canonical_customer_sql(spelling: str, form: IdForm) -> str:
    """SQL of the canonical id of a spelling that is not nobody."""
    is_changed = form.has_unusual or form.id_case == "fold"
    customer_id = canonical_id_sql(spelling, form.id_case) if is_changed else spelling
    return f"split_part({customer_id}, '.', 1)" if form.whole_floats else customer_id


def _text_sql(field: Field, column_types: ColumnTypes) -> str:
    texts = [column_text_sql(source, column_types[source]) for source in field.sources]
    texts = [f"CASE WHEN NOT {missing_sql(text)} THEN {text} END" for text in texts]
    return texts[0] if len(texts) == 1 else f"coalesce({', '.join(f'({text})' for text in texts)})"


def _number_sql(field: Field, column_types: ColumnTypes) -> NumberSql:
    def read_column(column: str) -> NumberSql:
        name = quote_identifier(column)
        if is_text(column_types[column]):
            return NumberSql(number_format_sql(name, field.number_format(column)), missing_sql(name))
        number = f"TRY_CAST({name} AS DOUBLE)"
        return NumberSql(number, f"({name} IS NULL OR coalesce(isnan({number}), false))")

    return _first_number([number_sql(source, list(column_types), read_column) for source in field.sources])


def _first_number(numbers: Sequence[NumberSql]) -> NumberSql:
    """The first number that is not blank."""
    if len(numbers) == 1:
        return numbers[0]
    cases = " ".join(f"WHEN NOT {number.blank or 'false'} THEN {number.value}" for number in numbers)
    return NumberSql(f"CASE {cases} END", f"({' AND '.join(number.blank or 'false' for number in numbers)})")
