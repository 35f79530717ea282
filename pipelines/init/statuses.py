"""Statuses: which values of which columns say that a line is no purchase, as the keys include and exclude."""

from __future__ import annotations

from collections.abc import Sequence

from features.ingestion.rows.state_words import (
    column_meaning,
    is_no,
    is_not_bought,
    is_sent_back,
    is_yes,
    plain_name,
)
from features.wording import count_of
from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice
from pipelines.init.column_names import name_score
from pipelines.init.layout import Layout
from pipelines.init.value_profile import ValueProfile

MIN_SCORE = 0.6  # of the name of a status column
MAX_STATUSES = 40  # different values; more are no states
MAX_EXCLUDED = 0.6  # of the lines; above it, the words mean something else here
_ASK = (
    "pending",
    "on-hold",
    "on hold",
    "authorized",
    "processing payment",
    "ausstehend",
    "en attente",
    "pendiente",
    "处理中",
)


def choose_filters(table: ExportTable, layout: Layout | None, amounts: Sequence[str]) -> list[Choice]:
    """The choices for include and exclude, none where every line is a purchase.

    Args:
        table: the lines.
        layout: the known layout, or None.
        amounts: the raw columns of the amount.
    """
    excluded: dict[str, list[str]] = {}
    reasons, questions = [], []
    for column in _state_columns(table, layout):
        profile = table.profiles[column]
        values = _no_purchase_values(table, profile, layout, amounts)
        questions += _questions(profile, values)
        if values:
            excluded[column] = values
            reasons.append(f"'{column}' has {_list_counts(profile)}")
    for column, values in _test_flags(table, layout).items():
        excluded[column] = values
        reasons.append(f"'{column}' marks tests")
    filters = _include_uncancelled(table, excluded) if layout is None else []
    if excluded:
        filters.append(Choice("exclude", excluded, f"no purchases: {'; '.join(reasons)}", tuple(questions)))
    return filters


def _state_columns(table: ExportTable, layout: Layout | None) -> list[str]:
    if layout is not None:
        source = layout.source("status", table.export.columns)
        return [source] if source is not None and source in table.profiles else []
    return [
        column
        for column, profile in table.profiles.items()
        if (column_meaning(column) == "state" or name_score(column, "status") >= MIN_SCORE)
        and 1 <= len(profile.counts) <= MAX_STATUSES
    ]


def _no_purchase_values(
    table: ExportTable, profile: ValueProfile, layout: Layout | None, amounts: Sequence[str]
) -> list[str]:
    """The values of this export to leave out; a value that no line has would be taken for a typing error."""
    listed = {value.casefold() for value in layout.excluded_statuses} if layout else set()
    values = []
    for value in profile.counts:
        word = value.casefold()
        sent_back = layout is None and is_sent_back(word) and not _is_negative(table, profile, value, amounts)
        if word in listed or is_not_bought(word) or sent_back:
            values.append(value)
    too_many = sum(profile.counts[value] for value in values) > MAX_EXCLUDED * sum(profile.counts.values())
    return [] if too_many else values


def _is_negative(table: ExportTable, profile: ValueProfile, value: str, amounts: Sequence[str]) -> bool:
    """Whether lines with this value have amounts below 0: then what was paid back is subtracted as it is."""
    for column in amounts:
        texts = [
            amount for amount, state in zip(table.profiles[column].texts, profile.texts, strict=True) if state == value
        ]
        if sum(text.startswith(("-", "(", "\u2212")) or text.endswith("-") for text in texts) > len(texts) / 2:
            return True
    return False


def _questions(profile: ValueProfile, excluded: Sequence[str]) -> list[str]:
    unsure = [value for value in profile.counts if value not in excluded and value.casefold().endswith(_ASK)]
    return [
        f"{count_of(profile.counts[value], 'line')} with {value!r} in '{profile.column}' count: are they purchases?"
        for value in unsure
    ]


def _test_flags(table: ExportTable, layout: Layout | None) -> dict[str, list[str]]:
    """The values that mark test orders, by column."""
    flags = {}
    listed = layout.excluded if layout else {}
    for column, profile in table.profiles.items():
        is_test = is_no if plain_name(column) == "livemode" else is_yes
        if column in listed:
            values = [value for value in profile.counts if value in listed[column]]
        elif column_meaning(column) == "test" and len(profile.counts) <= 3:
            values = [value for value in profile.counts if is_test(value.casefold())]
        else:
            continue
        if 0 < len(values) < max(len(profile.counts), 1 + (profile.fill < 1)):
            flags[column] = values
    return flags


def _include_uncancelled(table: ExportTable, excluded: dict[str, list[str]]) -> list[Choice]:
    """The choice for include where a column has the time at which an order was cancelled; a flag is excluded."""
    for column, profile in table.profiles.items():
        if column_meaning(column) != "cancelled_at" or not profile.counts or profile.fill > MAX_EXCLUDED:
            continue
        if profile.is_only_date:
            reason = f"orders with a time in '{column}' were cancelled"
            return [Choice("include", {column: [""]}, reason)]
        values = [value for value in profile.counts if is_yes(value.casefold())]
        if values and sum(profile.counts[value] for value in values) < MAX_EXCLUDED * len(profile.texts):
            excluded[column] = values
    return []


def merge_filters(choices: Sequence[Choice]) -> list[Choice]:
    """The choices with one include and one exclude, because TOML allows a key once."""
    merged: dict[str, Choice] = {}
    for choice in choices:
        other = merged.get(choice.key)
        if other is None or not isinstance(other.value, dict) or not isinstance(choice.value, dict):
            merged[choice.key] = choice
            continue
        reason, questions = f"{other.reason}; {choice.reason}", (*other.questions, *choice.questions)
        merged[choice.key] = Choice(choice.key, {**other.value, **choice.value}, reason, questions)
    return list(merged.values())


def _list_counts(profile: ValueProfile) -> str:
    return ", ".join(f"{value} ({count:,})" for value, count in profile.counts.most_common(8))
