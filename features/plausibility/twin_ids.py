"""Twin ids: customer ids that differ in their form only, and so make two customers of one person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from features.canonical_form import whole_float
from features.plausibility_note import PlausibilityNote, Severity
from features.wording import count_of

LEADING_ZEROS = r"^0+([0-9]+)$"
PUNCTUATION = r"[\s()\[\]{}'\"#/_+-]+"  # as telephone numbers and UUIDs are written, and a spreadsheet's '00012345
MIN_CHARACTERS = 6  # shorter ids may agree by chance
NOT_ASCII = r"[^\x00-\x7F]"


@dataclass(frozen=True)
class _Form:
    """A form to which ids are reduced, and how to find the ids that differ from it."""

    code: str
    severity: Severity
    difference: str
    remedy: str
    reduce: Callable[[ir.StringValue], ir.StringValue]


def _without_punctuation(customer_id: ir.StringValue) -> ir.StringValue:
    stripped = customer_id.re_replace(PUNCTUATION, "")
    reduced: ir.StringValue = (stripped.length() >= MIN_CHARACTERS).ifelse(stripped, customer_id)
    return reduced


_ONE_FORM = "Export the ids in one form, or name the old ids in [aliases]"
_FORMS = (
    _Form(
        "ids_differ_by_case",
        "warning",
        "upper and lower case",
        'If they are the same person, set id_case = "fold"',
        lambda customer_id: customer_id.lower(),
    ),
    _Form(
        "ids_differ_by_point_zero",
        "warning",
        "a final .0",
        _ONE_FORM,
        lambda customer_id: customer_id.re_replace(f"^{whole_float('.,')}$", r"\1"),
    ),
    _Form(
        "ids_differ_by_leading_zeros",
        "warning",
        "leading zeros",
        _ONE_FORM,
        lambda customer_id: customer_id.re_replace(LEADING_ZEROS, r"\1"),
    ),
    _Form(
        "ids_differ_by_punctuation",
        "info",
        "blanks, hyphens, quotes and brackets",
        _ONE_FORM,
        _without_punctuation,
    ),
)


def twin_notes(customers: ir.Table) -> Iterator[PlausibilityNote]:
    """A note for each way in which customer ids differ in their form only.

    Args:
        customers: a table with one row per customer_id.
    """
    ids = customers.select("customer_id")
    reduced = {form: form.reduce(ids.customer_id) for form in _FORMS}
    not_ascii = ids.customer_id.re_search(NOT_ASCII)
    counts = {form.code: (value != ids.customer_id).sum() for form, value in reduced.items()}
    found = ids.aggregate(**counts, not_ascii=not_ascii.sum()).to_pyarrow().to_pylist()[0]
    for form, value in reduced.items():
        if found[form.code]:
            forms = ids.mutate(form=value)
            yield from _note(form, forms.semi_join(forms.filter(forms.form != forms.customer_id), "form"))
    if found["not_ascii"]:
        yield from _unicode_notes(ids, ids.filter(not_ascii))


def _unicode_notes(ids: ir.Table, not_ascii: ir.Table) -> Iterator[PlausibilityNote]:
    """Ids whose compatibility forms (NFKC) are equal, such as full-width and plain digits."""
    table = not_ascii.to_pyarrow()
    form = pc.utf8_normalize(table["customer_id"], form="NFKC")
    different = pc.not_equal(form, table["customer_id"])
    if not pc.any(different).as_py():
        return
    forms = ibis.memtable(pa.table({"customer_id": table["customer_id"], "form": form}).filter(different))
    plain = ids.mutate(form=ids.customer_id).semi_join(forms, "form")
    kind = _Form("ids_differ_by_unicode_form", "warning", "the form of their characters", _ONE_FORM, lambda text: text)
    yield from _note(kind, ibis.union(plain, forms.select("customer_id", "form")))


def _note(form: _Form, reduced: ir.Table) -> Iterator[PlausibilityNote]:
    groups = reduced.group_by("form").aggregate(
        ids=reduced.count(), first=reduced.customer_id.min(), last=reduced.customer_id.max()
    )
    twins = groups.filter(groups.ids > 1)
    found = twins.aggregate(
        people=twins.count(), ids=twins.ids.sum(), first=twins["first"].min(), last=twins["last"].argmin(twins["first"])
    )
    row = found.to_pyarrow().to_pylist()[0]
    if row["people"]:
        yield PlausibilityNote(
            form.code,
            form.severity,
            f"{count_of(row['ids'], 'customer id')} differ by {form.difference} only, and would be "
            f"{count_of(row['people'], 'customer')}",
            "one id for each person",
            form.remedy,
            row["ids"],
            f"{row['first']!r} and {row['last']!r}",
        )
