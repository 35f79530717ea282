"""Invalid fields: the summary of a request's invalid fields, the same for predictions and audiences."""

from __future__ import annotations

MAX_LISTED_FIELDS = 20


def invalid_fields_summary(count: int) -> str:
    """The number of invalid fields as a sentence, and whether only the first ones are listed."""
    fields = "1 field is" if count == 1 else f"{count} fields are"
    listed = "" if count <= MAX_LISTED_FIELDS else f" The first {MAX_LISTED_FIELDS} are listed."
    return f"{fields} not as expected.{listed} The form is in /openapi.json."
