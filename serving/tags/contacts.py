"""Contacts: the customers that a tool knows, with the tool's own ids; from a CSV file of the shop.

In WeCom a tag belongs to a member's contact, so a customer with two members has two contacts, each with its own tags
(developer.work.weixin.qq.com, path 92697, the fields userid and external_userid).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv

from features.arrays import RowIndices
from features.canonical_form import IdCase, canonical_id
from serving.tags.errors import TagFileInvalid

CUSTOMER_ID, EXTERNAL_USERID, USERID = "customer_id", "external_userid", "userid"
CONTACT_COLUMNS = (CUSTOMER_ID, EXTERNAL_USERID, USERID)


@dataclass(frozen=True)
class Recipients:
    """Who can have tags: customers, or their contacts where the tool has ids of its own."""

    table: pa.Table  # (n,) CONTACT_COLUMNS as text; without contacts, the last two are empty
    rows: RowIndices  # (n,) the row of the scores table of each

    @classmethod
    def of_customers(cls, customer_ids: pa.StringArray) -> Recipients:
        """Return every customer once, by the id of the log."""
        blank = pa.repeat("", len(customer_ids))
        columns = dict(zip(CONTACT_COLUMNS, (customer_ids, blank, blank), strict=True))
        return cls(pa.table(columns), np.arange(len(customer_ids)))

    @classmethod
    def of_contacts(cls, contacts: pa.Table, customer_ids: pa.StringArray) -> Recipients:
        """Return every contact whose customer is among n ids."""
        rows = pc.index_in(contacts[CUSTOMER_ID], value_set=customer_ids).combine_chunks()
        known = rows.is_valid()
        return cls(contacts.filter(known), rows.filter(known).to_numpy().astype(np.int64))


def recipient_keys(table: pa.Table) -> pa.Array:
    """Return one text per recipient that no other recipient has, (n,)."""
    return pc.binary_join_element_wise(*(table[name] for name in CONTACT_COLUMNS), "\x1f").combine_chunks()


def read_contacts(path: Path, id_case: IdCase, required: Sequence[str]) -> pa.Table:
    """Return the contacts of a file, each once, with canonical customer ids.

    Args:
        path: a CSV file in UTF-8.
        id_case: whether ids that differ by case only are the same customer.
        required: the columns of ``CONTACT_COLUMNS`` that every line has to fill.

    Raises:
        TagFileInvalid: the file cannot be read, lacks a column, or has an empty id.
    """
    table = _read_columns(path, required)
    ids = pa.array([canonical_id(text, id_case) for text in table[CUSTOMER_ID].to_pylist()], pa.string())
    table = table.set_column(0, CUSTOMER_ID, ids)
    for name in required:
        if pc.any(pc.equal(table[name], ""), min_count=0).as_py():
            raise TagFileInvalid(f"Found an empty {name} in {path}; expected one in every line. Take such lines out.")
    return table.group_by(list(CONTACT_COLUMNS), use_threads=False).aggregate([]).select(list(CONTACT_COLUMNS))


def _read_columns(path: Path, required: Sequence[str]) -> pa.Table:
    """Return CONTACT_COLUMNS of a CSV file as text; a column that is missing and not required is empty."""
    options = arrow_csv.ConvertOptions(
        column_types=dict.fromkeys(CONTACT_COLUMNS, pa.string()), strings_can_be_null=False
    )
    try:
        table = arrow_csv.read_csv(path, convert_options=options)
    except (OSError, pa.ArrowInvalid) as error:
        raise TagFileInvalid(
            f"Found no way to read {path} ({str(error).splitlines()[0]}); expected a CSV file in UTF-8 with the "
            f"columns {', '.join(required)}."
        ) from None
    missing = [name for name in required if name not in table.column_names]
    if missing:
        raise TagFileInvalid(
            f"Found the columns {', '.join(table.column_names)} in {path}; expected {', '.join(required)}. Add "
            f"{' and '.join(missing)} to its first line."
        )
    blank = pa.repeat("", len(table))
    return pa.table({name: table[name] if name in table.column_names else blank for name in CONTACT_COLUMNS})
