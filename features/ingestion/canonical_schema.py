"""Canonical schema: the tables and columns of a history, and how each column is parsed from the raw log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from features.canonical_form import IdCase
from features.config.shop import ShopConfig
from features.config.sources import CostsSource, Source
from features.ingestion.nobody_words import nobody_words
from features.ingestion.values.date_formats import ISO, DateFormats
from features.ingestion.values.number_formats import PLAIN, NumberFormat


class ParseAs(StrEnum):
    """The type as which a raw value is parsed."""

    TEXT = "text"
    CUSTOMER_ID = "customer id"
    WORD = "word"  # compared without case
    INSTANT = "instant"
    AMOUNT = "amount"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True)
class IdForm:
    """How the spellings of a table's customer ids become canonical ids."""

    id_case: IdCase = "keep"
    has_unusual: bool = True  # whether a spelling may differ from its canonical form
    whole_floats: bool = False  # whether all ids are whole numbers, some of them with ``.0``
    nobody: tuple[str, ...] = ()  # the spellings that are no customer


@dataclass(frozen=True)
class Field:
    """A canonical column and the raw column or expression that it is parsed from."""

    name: str
    parse_as: ParseAs
    sources: tuple[str, ...]  # tried in turn; none where the shop's log lacks the column
    date_formats: DateFormats = (ISO,)
    number_formats: Mapping[str, NumberFormat] = field(default_factory=dict)  # by raw column, plain where absent
    blank_is_zero: bool = False

    @property
    def source(self) -> str:
        """The raw column or expression, for messages."""
        return " or ".join(self.sources)

    @property
    def required(self) -> bool:
        """Whether every line needs a value."""
        return self.parse_as is ParseAs.AMOUNT or self.name in _REQUIRED_COLUMNS

    @property
    def is_text(self) -> bool:
        """Whether every text is readable."""
        return self.parse_as in (ParseAs.TEXT, ParseAs.CUSTOMER_ID, ParseAs.WORD)

    @property
    def is_number(self) -> bool:
        """Whether the sources may be expressions."""
        return self.parse_as in (ParseAs.AMOUNT, ParseAs.NUMBER)

    def number_format(self, column: str) -> NumberFormat:
        """How the numbers of a raw column are written."""
        return self.number_formats.get(column, PLAIN)


@dataclass(frozen=True)
class Table:
    """A canonical table and its section of flywheel.toml."""

    name: str
    section: Source | CostsSource
    fields: tuple[Field, ...]
    lines_view: str = ""  # without the lines that are set aside or skipped; empty before the lines are checked
    id_form: IdForm = IdForm()

    @property
    def files_view(self) -> str:
        """The name of the DuckDB view over the lines of the files, as they come."""
        return f"files_{self.name}"

    @property
    def raw_view(self) -> str:
        """The name of the DuckDB view over the raw lines that count, with the columns of joined files."""
        return self.lines_view or f"raw_{self.name}"

    @property
    def nobody_words(self) -> frozenset[str]:
        """The canonical words that the shop's log writes where there is no customer."""
        if isinstance(self.section, CostsSource):
            return frozenset()
        return nobody_words(self.section.anonymous, self.section.never_anonymous)

    @property
    def present_fields(self) -> tuple[Field, ...]:
        """The fields that the shop's log has."""
        return tuple(field for field in self.fields if field.sources)


_COLUMNS: dict[str, dict[str, ParseAs]] = {
    "orders": {
        "ordered_at": ParseAs.INSTANT, "recorded_at": ParseAs.INSTANT, "amount": ParseAs.AMOUNT,
        "order_id": ParseAs.TEXT, "product_id": ParseAs.TEXT, "category": ParseAs.TEXT, "quantity": ParseAs.NUMBER,
        "discount": ParseAs.NUMBER, "coupon": ParseAs.NUMBER, "channel": ParseAs.WORD, "store_id": ParseAs.TEXT,
    },
    "events": {
        "happened_at": ParseAs.INSTANT, "kind": ParseAs.WORD, "channel": ParseAs.WORD, "category": ParseAs.TEXT,
        "product_id": ParseAs.TEXT, "duration_s": ParseAs.NUMBER, "value": ParseAs.NUMBER,
    },
    "touches": {
        "sent_at": ParseAs.INSTANT, "campaign_id": ParseAs.TEXT, "channel": ParseAs.WORD, "variant": ParseAs.TEXT,
        "treated": ParseAs.FLAG, "probability": ParseAs.NUMBER, "decision_id": ParseAs.TEXT,
        "audience_id": ParseAs.TEXT, "prediction_id": ParseAs.TEXT, "cost": ParseAs.NUMBER,
        "recorded_at": ParseAs.INSTANT,
    },
    "feedback": {
        "happened_at": ParseAs.INSTANT, "text": ParseAs.TEXT, "channel": ParseAs.WORD, "id": ParseAs.TEXT,
        "recorded_at": ParseAs.INSTANT,
    },
    "consents": {
        "purpose": ParseAs.TEXT, "channel": ParseAs.TEXT, "granted": ParseAs.FLAG, "changed_at": ParseAs.INSTANT,
        "until": ParseAs.INSTANT,
    },
    "costs": {"day": ParseAs.INSTANT, "source": ParseAs.TEXT, "amount": ParseAs.AMOUNT},
}  # fmt: skip
_REQUIRED_COLUMNS = {"ordered_at", "happened_at", "kind", "sent_at", "granted", "changed_at", "day"}

TABLE_NAMES = tuple(_COLUMNS)


def canonical_tables(config: ShopConfig) -> Iterator[Table]:
    """The canonical tables that the configuration names, in a fixed order."""
    for name, columns in _COLUMNS.items():
        section = getattr(config, name)
        if section is None:
            continue
        parsers = columns if name == "costs" else {"customer_id": ParseAs.CUSTOMER_ID, **columns}
        dates = section.date_format or (ISO,)
        fields = (
            Field(column, parse_as, getattr(section, column) or (), dates) for column, parse_as in parsers.items()
        )
        yield Table(name, section, tuple(fields), id_form=IdForm(config.id_case))
