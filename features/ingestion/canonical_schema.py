"""Canonical schema: the tables and columns of a history, and how each column is parsed from the raw log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from features.config.shop import ShopConfig
from features.config.sources import CostsSource, Source


class ParseAs(StrEnum):
    """The type as which a raw value is parsed."""

    TEXT = "text"
    INSTANT = "instant"
    AMOUNT = "amount"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True)
class Field:
    """A canonical column and the raw column or expression that it is parsed from."""

    name: str
    parse_as: ParseAs
    sources: tuple[str, ...]  # tried in turn; none where the shop's log lacks the column

    @property
    def source(self) -> str:
        """The raw column or expression, for messages."""
        return " or ".join(self.sources)

    @property
    def required(self) -> bool:
        """Whether every line needs a value."""
        return self.parse_as is ParseAs.AMOUNT or self.name in _REQUIRED_COLUMNS


@dataclass(frozen=True)
class Table:
    """A canonical table and its section of flywheel.toml."""

    name: str
    section: Source | CostsSource
    fields: tuple[Field, ...]

    @property
    def raw_view(self) -> str:
        """The name of the DuckDB view over the raw source."""
        return f"raw_{self.name}"

    @property
    def present_fields(self) -> tuple[Field, ...]:
        """The fields that the shop's log has."""
        return tuple(field for field in self.fields if field.sources)

    @property
    def anonymous_ids(self) -> tuple[str, ...]:
        """The placeholder ids of anonymous customers."""
        return self.section.anonymous if isinstance(self.section, Source) else ()


_COLUMNS: dict[str, dict[str, ParseAs]] = {
    "orders": {
        "ordered_at": ParseAs.INSTANT, "recorded_at": ParseAs.INSTANT, "amount": ParseAs.AMOUNT,
        "order_id": ParseAs.TEXT, "product_id": ParseAs.TEXT, "category": ParseAs.TEXT, "quantity": ParseAs.NUMBER,
        "discount": ParseAs.NUMBER, "coupon": ParseAs.NUMBER, "channel": ParseAs.TEXT, "store_id": ParseAs.TEXT,
    },
    "events": {
        "happened_at": ParseAs.INSTANT, "kind": ParseAs.TEXT, "channel": ParseAs.TEXT, "category": ParseAs.TEXT,
        "product_id": ParseAs.TEXT, "duration_s": ParseAs.NUMBER, "value": ParseAs.NUMBER,
    },
    "touches": {
        "sent_at": ParseAs.INSTANT, "campaign_id": ParseAs.TEXT, "channel": ParseAs.TEXT, "variant": ParseAs.TEXT,
        "treated": ParseAs.FLAG, "probability": ParseAs.NUMBER,
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
        parsers = columns if name == "costs" else {"customer_id": ParseAs.TEXT, **columns}
        fields = (Field(column, parse_as, getattr(section, column) or ()) for column, parse_as in parsers.items())
        yield Table(name, section, tuple(fields))
