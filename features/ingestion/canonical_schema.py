"""The canonical tables of a history: what each column is called, and how it is read from the raw log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from features.config.shop import ShopConfig
from features.config.sources import CostsSource, Source


class ParseAs(StrEnum):
    """How a raw value becomes a canonical one."""

    TEXT = "text"
    INSTANT = "instant"
    AMOUNT = "amount"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True)
class Field:
    """One canonical column and the raw column, or expression, that it comes from."""

    name: str
    parse_as: ParseAs
    source: str | None

    @property
    def required(self) -> bool:
        """Whether every line has to have it."""
        return self.parse_as is ParseAs.AMOUNT or self.name in _REQUIRED_COLUMNS


@dataclass(frozen=True)
class Table:
    """One canonical table, with the section of flywheel.toml that describes it."""

    name: str
    section: Source | CostsSource
    fields: tuple[Field, ...]

    @property
    def raw_view(self) -> str:
        """The name of the view over its source."""
        return f"raw_{self.name}"

    @property
    def present_fields(self) -> tuple[Field, ...]:
        """The fields that this shop has."""
        return tuple(field for field in self.fields if field.source is not None)

    @property
    def anonymous_ids(self) -> tuple[str, ...]:
        """Ids that are nobody."""
        return self.section.anonymous if isinstance(self.section, Source) else ()


_COLUMNS: dict[str, dict[str, ParseAs]] = {
    "orders": {
        "ordered_at": ParseAs.INSTANT, "recorded_at": ParseAs.INSTANT, "amount": ParseAs.AMOUNT, "order_id": ParseAs.TEXT,
        "product_id": ParseAs.TEXT, "category": ParseAs.TEXT, "quantity": ParseAs.NUMBER, "discount": ParseAs.NUMBER,
        "coupon": ParseAs.NUMBER, "channel": ParseAs.TEXT, "store_id": ParseAs.TEXT,
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
    """Every table that the description names, in a fixed order."""
    for name, columns in _COLUMNS.items():
        section = getattr(config, name)
        if section is None:
            continue
        who = () if name == "costs" else (Field("customer_id", ParseAs.TEXT, section.customer_id),)
        rest = tuple(Field(column, read, getattr(section, column)) for column, read in columns.items())
        yield Table(name, section, who + rest)
