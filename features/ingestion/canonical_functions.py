"""Canonical functions: the canonical form as DuckDB functions, for the texts that SQL leaves to Python."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import duckdb
import pyarrow as pa
from duckdb.func import PythonUDFType

from features.canonical_form import SQL_FUNCTIONS, canonical_id


def register_canonical_functions(connection: duckdb.DuckDBPyConnection) -> None:
    """Register the functions that ``canonical_id_sql`` and ``canonical_word_sql`` call.

    The connection has to be closed before Python ends, or DuckDB reports its functions as leaked.
    """
    for id_case, name in SQL_FUNCTIONS.items():
        function = partial(_map_texts, partial(canonical_id, id_case=id_case))
        connection.create_function(name, function, ["VARCHAR"], "VARCHAR", type=PythonUDFType.ARROW)


def _map_texts(canonical: Callable[[str], str], texts: pa.ChunkedArray) -> pa.Array:
    """Apply a function to each distinct text of a batch."""
    encoded = texts.combine_chunks().dictionary_encode()
    forms = pa.array([canonical(text) for text in encoded.dictionary.to_pylist()], pa.string())
    return forms.take(encoded.indices)
