"""Draft: a commented flywheel.toml for the exports of a shop, with the reasons of each choice and open questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.errors import InvalidLog
from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice, Section
from pipelines.init.currency_guess import currency_choices
from pipelines.init.export_files import ExportReader
from pipelines.init.joins import JoinPlan, JoinStep, join_plans
from pipelines.init.orders_draft import OrdersDraft, blank_amount_choice, draft_orders
from pipelines.init.path_pattern import path_text
from pipelines.init.raw_export import RawExport
from pipelines.init.side_tables import consents_section, events_section
from pipelines.init.statuses import merge_filters
from pipelines.init.toml_text import toml_document
from pipelines.init.value_formats import date_choices, number_choices
from pipelines.init.value_profile import ValueProfile
from pipelines.init.zone_guess import zone_choice

MAX_LISTED = 40  # columns in an error


@dataclass(frozen=True)
class Answers:
    """What a person said on the command line; None where nothing was given."""

    name: str | None = None
    currency: str | None = None
    timezone: str | None = None


@dataclass
class Draft:
    """The sections of a flywheel.toml."""

    title: str  # of the layout, or of the export
    shop: Section
    sections: list[Section]
    zone_is_sure: bool

    @property
    def text(self) -> str:
        """The text of the file."""
        header = [
            f"Written by `flywheel init` from {self.title}. Each comment says why a value was chosen;",
            "a QUESTION is what init is unsure of.",
            "All keys are explained in the configuration reference.",
        ]
        return toml_document(header, [self.shop, *self.sections])

    @property
    def questions(self) -> list[str]:
        """All questions, in the order of the file."""
        return [
            question
            for section in (self.shop, *self.sections)
            for question in (*(each for choice in section.choices for each in choice.questions), *section.questions)
        ]

    @property
    def timezone(self) -> str:
        """The time zone that was chosen."""
        return str(self.shop.value("timezone"))

    def set_timezone(self, name: str) -> None:
        """Replace the guess by what a person answered."""
        self.shop.choices = [
            Choice("timezone", name, "as answered") if choice.key == "timezone" else choice
            for choice in self.shop.choices
        ]


def draft_config(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], folder: Path, spill: Path, answers: Answers
) -> Draft:
    """Look at the exports and choose every key; ``folder`` is that of the flywheel.toml to be.

    Raises:
        InvalidLog: a file cannot be read, or no column has customers or times; the text lists the columns.
    """
    connection.execute("SET TimeZone='UTC'")
    exports = ExportReader(connection, folder, spill).open_all(files)
    plan, orders = _best_plan(connection, exports)
    if not orders.is_complete:
        raise InvalidLog(_missing_columns(orders))
    shop = Section("")
    section = Section("orders", comments=_comments(orders))
    currency, currency_keys = currency_choices(orders.table, orders.layout, orders.number_columns, answers.currency)
    used = orders.used_columns.union(*(choice.columns for choice in currency_keys))
    joined = _needed_steps(plan, used)
    zone, is_sure = zone_choice(orders.table, orders.layout, orders.time_columns, str(currency.value), answers.timezone)
    shop.choices = [Choice("name", answers.name or _shop_name(folder, plan.base)), currency, zone]
    section.choices = [*_file_choices(plan.base, folder), *_column_choices(orders), *merge_filters([*currency_keys, *orders.filters])]
    section.choices += [*blank_amount_choice(orders), *_format_choices(orders)]
    section.questions = list(orders.layout.questions) if orders.layout else []
    others = [each for each in exports if each is not plan.base and each not in [step.export for step in joined]]
    side = _side_sections(connection, others, orders, folder)
    sections = [section, *_join_sections(joined, plan, used, folder), *side]
    title = f"{plan.base.title} ({orders.layout.title})" if orders.layout else plan.base.title
    return Draft(title, shop, sections, is_sure)


def _best_plan(connection: duckdb.DuckDBPyConnection, exports: Sequence[RawExport]) -> tuple[JoinPlan, OrdersDraft]:
    """The base that has customers, times and amounts; of several, the one to which most files can be joined."""
    drafts = [
        (plan, draft_orders(ExportTable.open(connection, plan.joined, plan.base.columns)))
        for plan in join_plans(connection, exports)
    ]
    return max(drafts, key=lambda each: (each[1].is_complete, each[1].amount is not None, len(each[0].steps)))


def _file_choices(base: RawExport, folder: Path) -> list[Choice]:
    choices = [Choice("path", path_text(base.files, folder), f"{base.lines:,} lines")]
    if base.sheet is not None:
        choices.append(Choice("sheet", base.sheet))
    if base.encoding is not None:
        choices.append(Choice("encoding", base.encoding))
    return choices + ([] if base.has_header else [Choice("has_header", False, "the first line has values, no names")])  # noqa: FBT003 -- the value of a key


def _column_choices(orders: OrdersDraft) -> list[Choice]:
    return [
        choice
        for choice in (orders.customer, orders.ordered_at, orders.amount, orders.order_id, *orders.details)
        if choice is not None
    ]


def _format_choices(orders: OrdersDraft) -> list[Choice]:
    day_first = orders.layout.day_first if orders.layout else None
    profiles = orders.table.profiles
    return date_choices(orders.table, orders.time_columns, day_first) + number_choices(
        [profiles[column] for column in orders.number_columns]
    )


def _comments(orders: OrdersDraft) -> list[str]:
    if orders.layout is None:
        return []
    return [f"Recognized: {orders.layout.title}.", *orders.layout.notes]


def _needed_steps(plan: JoinPlan, used_columns: set[str]) -> list[JoinStep]:
    """The joins that bring a used column, and those that bring the key of such a join."""
    needed: list[JoinStep] = []
    used, own = set(used_columns), set(plan.base.columns)
    for step in reversed(plan.steps):
        before = own.union(*(other.export.columns for other in plan.steps[: plan.steps.index(step)]))
        if used & (set(step.export.columns) - before):
            needed.insert(0, step)
            used |= {left for left, _ in step.keys}
    return needed


def _join_sections(steps: Sequence[JoinStep], plan: JoinPlan, columns: set[str], folder: Path) -> list[Section]:
    used = columns | {left for step in steps for left, _ in step.keys}
    present, sections = set(plan.base.columns), []
    for step in steps:
        taken = [column for column in step.export.columns if column in used - present]
        present |= set(taken)
        section = Section("[[orders.join]]", [
            Choice("path", path_text(step.export.files, folder), f"{step.export.lines:,} lines, one for each key"),
            Choice("key", step.key_texts[0] if len(step.keys) == 1 else step.key_texts),
            Choice("columns", taken),
        ])  # fmt: skip
        if step.export.sheet is not None:
            section.choices.append(Choice("sheet", step.export.sheet))
        sections.append(section)
    return sections


def _side_sections(
    connection: duckdb.DuckDBPyConnection, others: Sequence[RawExport], orders: OrdersDraft, folder: Path
) -> list[Section]:
    """Sections for consents and events; a file that nothing needs is a comment."""
    names = orders.customer.columns if orders.customer else []
    customers = {value for column in names for value in orders.table.profiles[column].counts}
    sections: dict[str, Section] = {}
    unused = []
    for export in others:
        table = ExportTable.open(connection, export)
        section = consents_section(table, customers, folder) or events_section(table, customers, folder)
        if section is None or section.name in sections:
            unused.append(export.title)
        else:
            sections[section.name] = section
    remark = [Section("", comments=[f"Not used: {', '.join(unused)}."])] if unused else []
    return [*sections.values(), *remark]


def _shop_name(folder: Path, base: RawExport) -> str:
    return folder.resolve().name or base.files[0].stem


def _missing_columns(orders: OrdersDraft) -> str:
    missing = [
        words
        for words, choice in (("the customer", orders.customer), ("the time of the order", orders.ordered_at))
        if choice is None
    ]
    columns = "\n".join(f"  - {_describe(profile)}" for profile in list(orders.table.profiles.values())[:MAX_LISTED])
    return (
        f"Found no column with {' and '.join(missing)} in {orders.table.export.title}. Expected one line per order or "
        "item, with a customer and a time: export with these columns, or write flywheel.toml by hand and name them. "
        f"Columns found:\n{columns}"
    )


def _describe(profile: ValueProfile) -> str:
    kind = (
        "empty" if not profile.counts else "dates" if profile.is_date else "numbers" if profile.is_number else "texts"
    )
    example = f", such as {next(iter(profile.counts))!r}" if profile.counts else ""
    return f"{profile.column}: {kind}, {len(profile.counts):,} different{example}"
