"""Draft: a commented flywheel.toml for the exports of a shop, with the reasons of each choice and open questions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from features.errors import InvalidLog
from pipelines.init.aliases import aliases_section
from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice, Section
from pipelines.init.currency_guess import currency_choices
from pipelines.init.export_files import ExportReader
from pipelines.init.file_variants import are_alike
from pipelines.init.joins import JoinPlan, join_plans
from pipelines.init.orders_draft import OrdersDraft, draft_orders
from pipelines.init.orders_section import join_sections, needed_steps, orders_section
from pipelines.init.raw_export import RawExport
from pipelines.init.side_tables import consents_section, events_section
from pipelines.init.toml_text import toml_document
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
            f"Written by `flywheel init` from {self.title}.",
            "A comment says why a value was chosen; a QUESTION is what init is unsure of.",
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
    currency, currency_keys = currency_choices(orders.table, orders.layout, orders.number_columns, answers.currency)
    zone, is_sure = zone_choice(orders.table, orders.layout, orders.time_columns, str(currency.value), answers.timezone)
    shop = Section("", [Choice("name", answers.name or _shop_name(folder, plan.base)), currency, zone])
    used = orders.used_columns.union(*(choice.columns for choice in currency_keys))
    joined = needed_steps(plan, used)
    others = [each for each in exports if each is not plan.base and each not in [step.export for step in joined]]
    variants = [] if joined else _variants(connection, plan.base, others)
    others = [each for each in others if each not in [variant.table.export for variant in variants]]
    sections = [
        orders_section([orders, *variants], currency_keys, folder),
        *join_sections(joined, plan.base, used, folder),
        *_side_sections(connection, others, orders, folder),
    ]
    title = f"{plan.base.title} ({orders.layout.title})" if orders.layout else plan.base.title
    return Draft(title, shop, sections, is_sure)


def _variants(connection: duckdb.DuckDBPyConnection, base: RawExport, others: Sequence[RawExport]) -> list[OrdersDraft]:
    """The drafts of further files of the same log, in which columns have other names."""
    drafts = [draft_orders(ExportTable.open(connection, other)) for other in others if are_alike(base, other)]
    return [draft for draft in drafts if draft.is_complete and draft.amount is not None]


def _best_plan(connection: duckdb.DuckDBPyConnection, exports: Sequence[RawExport]) -> tuple[JoinPlan, OrdersDraft]:
    """The base that has customers, times and amounts; of several, the one to which most files can be joined."""
    drafts = [
        (plan, draft_orders(ExportTable.open(connection, plan.joined, plan.base.columns)))
        for plan in join_plans(connection, exports)
    ]
    return max(drafts, key=lambda each: (each[1].is_complete, each[1].amount is not None, len(each[0].steps)))


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
        section = (
            consents_section(table, customers, folder)
            or aliases_section(table, customers, folder)
            or events_section(table, customers, folder)
        )
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
