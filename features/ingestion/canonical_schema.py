"""The canonical tables of a history: what each column is called, and how it is read from the raw log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from features.config.shop import Description
from features.config.sources import Costs, Source


class Read(StrEnum):
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
    read: Read
    source: str | None

    @property
    def required(self) -> bool:
        """Whether every line has to have it."""
        return self.read is Read.AMOUNT or self.name in _REQUIRED


@dataclass(frozen=True)
class Table:
    """One canonical table, with the section of flywheel.toml that describes it."""

    name: str
    section: Source | Costs
    fields: tuple[Field, ...]

    @property
    def raw(self) -> str:
        """The name of the view over its source."""
        return f"raw_{self.name}"

    @property
    def present(self) -> tuple[Field, ...]:
        """The fields that this shop has."""
        return tuple(field for field in self.fields if field.source is not None)

    @property
    def anonymous(self) -> tuple[str, ...]:
        """Ids that are nobody."""
        return self.section.anonymous if isinstance(self.section, Source) else ()


_COLUMNS: dict[str, dict[str, Read]] = {
    "orders": {
        "ordered_at": Read.INSTANT, "recorded_at": Read.INSTANT, "amount": Read.AMOUNT, "order_id": Read.TEXT,
        "product_id": Read.TEXT, "category": Read.TEXT, "quantity": Read.NUMBER, "discount": Read.NUMBER,
        "coupon": Read.NUMBER, "channel": Read.TEXT, "store_id": Read.TEXT,
    },
    "events": {
        "happened_at": Read.INSTANT, "kind": Read.TEXT, "channel": Read.TEXT, "category": Read.TEXT,
        "product_id": Read.TEXT, "duration_s": Read.NUMBER, "value": Read.NUMBER,
    },
    "touches": {
        "sent_at": Read.INSTANT, "campaign_id": Read.TEXT, "channel": Read.TEXT, "variant": Read.TEXT,
        "treated": Read.FLAG, "probability": Read.NUMBER,
    },
    "consents": {
        "purpose": Read.TEXT, "channel": Read.TEXT, "granted": Read.FLAG, "changed_at": Read.INSTANT,
        "until": Read.INSTANT,
    },
    "costs": {"day": Read.INSTANT, "source": Read.TEXT, "amount": Read.AMOUNT},
}  # fmt: skip
_REQUIRED = {"ordered_at", "happened_at", "kind", "sent_at", "granted", "changed_at", "day"}

NAMES = tuple(_COLUMNS)


def tables(description: Description) -> Iterator[Table]:
    """Every table that the description names, in a fixed order."""
    for name, columns in _COLUMNS.items():
        section = getattr(description, name)
        if section is None:
            continue
        who = () if name == "costs" else (Field("customer_id", Read.TEXT, section.customer_id),)
        rest = tuple(Field(column, read, getattr(section, column)) for column, read in columns.items())
        yield Table(name, section, who + rest)
