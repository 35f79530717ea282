"""Similar ids: known customers whose id a person may have meant, for an id that nobody has."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

import pyarrow as pa
import pyarrow.compute as pc

MAX_COMPARED = 20_000  # ids that are compared letter by letter, which takes about 0.2 s
_MARKS = r"[\s._/-]+"


def similar_ids(customer_id: str, known_ids: pa.ChunkedArray, limit: int) -> list[str]:
    """Return known ids like the given one, the most similar first.

    First those that differ by case, blanks, marks, leading zeros or a trailing ``.0`` only; then those that differ by
    a few characters and have the same beginning or end.
    """
    same_form = known_ids.filter(pc.equal(_fold(known_ids), _fold(pa.array([customer_id]))[0]))
    found = same_form.slice(0, limit).to_pylist()
    return [*found, *_spelt_alike(customer_id, known_ids, limit - len(found), found)]


def _fold(ids: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The ids in lower case, without marks, leading zeros and a trailing ``.0``."""
    whole = pc.replace_substring_regex(pc.utf8_lower(ids), r"\.0+$", "")
    return pc.utf8_ltrim(pc.replace_substring_regex(whole, _MARKS, ""), "0")


def _spelt_alike(customer_id: str, known_ids: pa.ChunkedArray, limit: int, found: Sequence[str]) -> list[str]:
    if limit <= 0 or len(customer_id) < 2:
        return []
    half = len(customer_id) // 2
    lengths = pc.utf8_length(known_ids)
    near = pc.and_(pc.greater_equal(lengths, len(customer_id) - 1), pc.less_equal(lengths, len(customer_id) + 1))
    beginning = pc.starts_with(known_ids, customer_id[:half], ignore_case=True)
    end = pc.ends_with(known_ids, customer_id[-half:], ignore_case=True)
    candidates = known_ids.filter(pc.and_(near, pc.or_(beginning, end))).slice(0, MAX_COMPARED).to_pylist()
    others = [candidate for candidate in candidates if candidate not in found]
    return get_close_matches(customer_id, others, n=limit, cutoff=0.7)
