"""Labelled rows: what the history keeps of a customer's text, which is its language, sentiment and topics.

A text may name people, places and illnesses. It is read from the log, labelled, and never written into the home.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from features.config.text_labels import TOPICS

TABLE = "feedback"
LABEL_FIELDS = (
    pa.field("language", pa.string()),  # null where it is not read
    pa.field("sentiment", pa.string()),  # one of SENTIMENTS
    pa.field("positive", pa.float32()),  # the calibrated probability; null where the text is not read
    *(pa.field(topic, pa.bool_()) for topic in TOPICS),  # null where the text is not read
)
LABEL_COLUMNS = tuple(field.name for field in LABEL_FIELDS)
_BATCH_ROWS = 20_000


class TextClassifier(Protocol):
    """A classifier of texts, and a digest that changes when its labels may."""

    @property
    def digest(self) -> str:
        """SHA-256 in hex over everything that decides about a label."""

    def label(self, texts: pa.Array) -> pa.StructArray:
        """The labels of n texts, with the fields ``LABEL_FIELDS``; a null text is ``unread``."""


def write_labelled_rows(
    connection: duckdb.DuckDBPyConnection, rows_sql: str, path: Path, classifier: TextClassifier
) -> None:
    """Write rows to a parquet file, with the labels of their texts instead of the texts."""
    reader: pa.RecordBatchReader = connection.sql(rows_sql).to_arrow_reader(_BATCH_ROWS)
    schema = _labelled_schema(reader.schema)
    with pq.ParquetWriter(path, schema) as writer:
        for batch in reader:
            texts, columns = batch["text"], batch.drop_columns(["text"])
            writer.write_batch(
                pa.record_batch([*columns.columns, *classifier.label(texts).flatten()], names=schema.names).cast(schema)
            )


def _labelled_schema(schema: pa.Schema) -> pa.Schema:
    utc = pa.timestamp("us", tz="UTC")
    fields = (field.with_type(utc) if pa.types.is_timestamp(field.type) else field for field in schema)
    return pa.schema([*(field for field in fields if field.name != "text"), *LABEL_FIELDS])
