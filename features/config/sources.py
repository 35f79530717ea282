"""Sources: the sections of flywheel.toml that name the tables of the raw log, their files and their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, field_validator, model_validator

from features.config.base import ConfigModel
from features.consents.consent import parse_purpose
from features.consents.formats import COLUMNS

NameList = Annotated[tuple[str, ...], Strict(False)]  # noqa: FBT003 -- TOML has lists only, and a frozen section tuples
Purpose = Annotated[str, AfterValidator(parse_purpose)]


class Source(ConfigModel):
    """A table of the raw log: its path, its customer column and the format of its dates."""

    path: str = Field(min_length=1)
    """A csv, tsv or parquet file, also with `.gz`; a glob; or the address of a table; relative to `flywheel.toml`."""
    customer_id: str = Field(min_length=1)
    """The column with the customer's id; it is read as text and returned digit for digit."""
    date_format: str | None = None
    """How the dates are written, in strptime codes such as `%d.%m.%Y %H:%M`; without it ISO 8601."""
    has_header: bool = True
    """Whether the first line names the columns; otherwise they are `column0`, `column1` and so on."""
    anonymous: NameList = ()
    """Placeholder ids of anonymous customers, such as `0`; an empty id is always anonymous."""


class OrdersSource(Source):
    """The table of orders, with one row per order line or per order."""

    ordered_at: str
    """The column with the time of the order."""
    amount: str | None = None
    """The net amount, as a column or an expression such as `Quantity * UnitPrice`; returns are negative."""
    order_id: str | None = None
    """The column with the id of the order; without it, all lines of a customer and day are one order."""
    product_id: str | None = None
    """The column with the product; a feature counts the different ones."""
    category: str | None = None
    """The column with the category; it also gives the next order per category."""
    quantity: str | None = None
    """The number of units, as a column or an expression."""
    discount: str | None = None
    """The discount, as a column or an expression."""
    coupon: str | None = None
    """The part of the amount that a coupon took off, as a column or an expression."""
    channel: str | None = None
    """The column with the sales channel."""
    store_id: str | None = None
    """The column with the store."""
    recorded_at: str | None = None
    """The column with the time at which the line became known, where this is later than the order."""
    duplicates: Literal["keep", "drop"] = "keep"
    """What happens to exact duplicates of a line: they are counted, and kept or dropped."""


class EventsSource(Source):
    """The table of events besides orders; each kind of event is either behaviour or social."""

    happened_at: str
    """The column with the time of the event."""
    kind: str
    """The column with the kind of the event."""
    channel: str | None = None
    """The column with the channel; it counts for the ranking of channels."""
    category: str | None = None
    """The column with the category; it is stored, and nothing uses it yet."""
    product_id: str | None = None
    """The column with the product; it is stored, and nothing uses it yet."""
    duration_s: str | None = None
    """The duration in seconds; it is stored, and nothing uses it yet."""
    value: str | None = None
    """The column with a value; it is stored, and nothing uses it yet."""
    behaviour: NameList = ()
    """The kinds that are behaviour, such as `store_visit` and `app_open`."""
    social: NameList = ()
    """The kinds that are social, such as `post` and `referral`."""
    redemptions: NameList = ()
    """The kinds, listed in `behaviour` or `social`, that redeem a coupon."""

    @field_validator("behaviour", "social", "redemptions")
    @classmethod
    def _drop_duplicates(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kinds))

    @model_validator(mode="after")
    def _check_dimensions(self) -> EventsSource:
        both = sorted(set(self.behaviour) & set(self.social))
        if both:
            raise ValueError(f"found {', '.join(both)} in both behaviour and social; keep each kind in one list")
        return self

    @model_validator(mode="after")
    def _check_redemptions(self) -> EventsSource:
        if others := [kind for kind in self.redemptions if kind not in self.contact_kinds]:
            raise ValueError(
                f"found {', '.join(others)} in redemptions but in neither behaviour nor social; list them there too"
            )
        return self

    @property
    def contact_kinds(self) -> tuple[str, ...]:
        """The kinds of event that count as a contact with the customer."""
        return (*self.behaviour, *self.social)


class TouchesSource(Source):
    """The table of messages that were sent to customers."""

    sent_at: str
    """The column with the time at which the message was sent."""
    campaign_id: str
    """The column with the campaign."""
    channel: str | None = None
    """The column with the channel; channels are ranked by how often an order or event follows a message."""
    variant: str | None = None
    """The column with the variant of the message."""
    treated: str | None = None
    """The column that tells whether the customer was treated or belongs to the hold-out."""
    probability: str | None = None
    """The column with the probability of being treated."""


class ConsentsSource(Source):
    """The table of consents, or files of Segment or Apache Unomi with one JSON object per line."""

    format: Literal["table", "segment", "unomi"] = "table"
    """A table, or files as Segment or Apache Unomi write them, one JSON object per line."""
    purposes: Mapping[str, Purpose] = Field(default={})
    """Names of purposes in the file, each with the purpose it stands for, `profiling` or `marketing`."""
    purpose: str
    """The column with the purpose."""
    channel: str | None = None
    """The column with the channel; without it, a consent counts for all channels."""
    granted: str
    """The column that tells whether the consent was given."""
    changed_at: str
    """The column with the time of the change."""
    until: str | None = None
    """The column with the time at which the consent ends."""

    @model_validator(mode="before")
    @classmethod
    def _fill_columns(cls, section: object) -> object:
        if not isinstance(section, dict) or section.get("format", "table") == "table":
            return section
        redundant = sorted(set(section) & set(COLUMNS))
        if redundant:
            raise ValueError(
                f"found {', '.join(redundant)} beside format = {section['format']!r}, which names them; leave them out"
            )
        return {**{name: name for name in COLUMNS}, **section}


class CostsSource(ConfigModel):
    """The table of acquisition costs."""

    path: str
    """The file or table of the costs, as in `[orders]`."""
    day: str
    """The column with the day."""
    source: str
    """The column with the source that the money was spent on."""
    amount: str
    """The amount, as a column or an expression."""
    date_format: str | None = None
    """How the dates are written, as in `[orders]`."""
    has_header: bool = True
    """Whether the first line names the columns."""
