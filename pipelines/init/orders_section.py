"""Orders section: the keys of [orders] and of its joins, from what was chosen for one or several files of the log."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from features.wording import count_of
from pipelines.init.amount_choice import amount_questions
from pipelines.init.bad_lines import bad_lines_choice
from pipelines.init.blank_amounts import blank_amount_choice
from pipelines.init.choice import Choice, Section
from pipelines.init.file_variants import unite_choices
from pipelines.init.joins import JoinPlan, JoinStep
from pipelines.init.orders_draft import OrdersDraft
from pipelines.init.path_pattern import path_text
from pipelines.init.raw_export import RawExport
from pipelines.init.statuses import merge_filters
from pipelines.init.value_formats import date_choices, number_choices


def orders_section(drafts: Sequence[OrdersDraft], currency_keys: Sequence[Choice], folder: Path) -> Section:
    """The section of the orders; ``drafts`` are those of the first file and of files with other names of columns."""
    orders = drafts[0]
    section = Section("orders", comments=_comments(orders))
    section.choices = [*_file_choices([draft.table.export for draft in drafts], folder), *_column_choices(drafts)]
    section.choices += merge_filters([*currency_keys, *(choice for draft in drafts for choice in draft.filters)])
    section.choices += [*blank_amount_choice(orders), *bad_lines_choice(orders), *_format_choices(drafts)]
    section.questions = list(orders.layout.questions) if orders.layout else []
    if orders.amount is None:
        section.questions += amount_questions(orders.table, orders.used_columns)
    return section


def _file_choices(exports: Sequence[RawExport], folder: Path) -> list[Choice]:
    first = exports[0]
    files = [file for export in exports for file in export.files]
    choices = [Choice("path", path_text(files, folder), count_of(sum(export.lines for export in exports), "line"))]
    choices += _sheet_and_encoding(first)
    if not first.has_header:
        choices.append(Choice("has_header", value=False, reason="the first line has values, no names"))
    return choices


def _sheet_and_encoding(export: RawExport) -> list[Choice]:
    keys = {"sheet": export.sheet, "encoding": export.encoding}
    return [Choice(key, value) for key, value in keys.items() if value is not None]


def _column_choices(drafts: Sequence[OrdersDraft]) -> list[Choice]:
    """The choice for each key; a column that has another name in a further file is added to it."""
    chosen = [{choice.key: choice for choice in draft.column_choices} for draft in drafts]
    united = (unite_choices([each.get(key) for each in chosen], key) for key in chosen[0])
    return [choice for choice in united if choice is not None]


def _format_choices(drafts: Sequence[OrdersDraft]) -> list[Choice]:
    day_first = drafts[0].layout.day_first if drafts[0].layout else None
    dates = [choice for draft in drafts for choice in date_choices(draft.table, draft.time_columns, day_first)]
    numbers = number_choices([draft.table.profiles[column] for draft in drafts for column in draft.number_columns])
    united = unite_choices(dates, "date_format")
    return [*([united] if united else []), *numbers]


def _comments(orders: OrdersDraft) -> list[str]:
    if orders.layout is None:
        return []
    return [f"Recognized: {orders.layout.title}.", *orders.layout.notes]


def needed_steps(plan: JoinPlan, used_columns: set[str]) -> list[JoinStep]:
    """The joins that bring a used column, and those that bring the key of such a join."""
    needed: list[JoinStep] = []
    used, own = set(used_columns), set(plan.base.columns)
    for step in reversed(plan.steps):
        before = own.union(*(other.export.columns for other in plan.steps[: plan.steps.index(step)]))
        if used & (set(step.export.columns) - before):
            needed.insert(0, step)
            used |= {left for left, _ in step.keys}
    return needed


def join_sections(steps: Sequence[JoinStep], base: RawExport, columns: set[str], folder: Path) -> list[Section]:
    """A section for each join, with the columns that are needed."""
    used = columns | {left for step in steps for left, _ in step.keys}
    present, sections = set(base.columns), []
    for step in steps:
        taken = [column for column in step.export.columns if column in used - present]
        present |= set(taken)
        lines = f"{count_of(step.export.lines, 'line')}, one for each key"
        section = Section("[[orders.join]]", [
            Choice("path", path_text(step.export.files, folder), lines),
            Choice("key", step.key_texts[0] if len(step.keys) == 1 else step.key_texts),
            Choice("columns", taken),
        ])  # fmt: skip
        section.choices += _sheet_and_encoding(step.export)
        sections.append(section)
    return sections
