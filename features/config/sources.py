"""Sources: the sections of flywheel.toml that name the tables of the raw log, their files and their columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from features.canonical_form import canonical_word
from features.config.base import ConfigModel
from features.config.table_format import Columns, NameList, TableFormat, TextEncoding
from features.consents.consent import parse_purpose
from features.consents.formats import COLUMNS

Purpose = Annotated[str, AfterValidator(parse_purpose)]


class Source(TableFormat):
    """A table of the raw log with a customer in each line."""

    customer_id: Columns = Field(min_length=1)
    """The column with the customer's id, or several that are tried in turn; read as text, returned digit for digit."""
    anonymous: NameList = ()
    """Further placeholder ids of anonymous customers; an empty id and words such as `NULL` or `Guest` always are."""
    never_anonymous: NameList = ()
    """Ids that look like words for nobody, such as `0`, and are customers nevertheless."""


class OrdersSource(Source):
    """The table of orders, with one row per order line or per order."""

    ordered_at: Columns
    """The column with the time of the order; two columns, of date and of time, as `Date + Time`."""
    amount: Columns | None = None
    """The net amount, as a column or an expression such as `Quantity * UnitPrice`; returns are negative."""
    blank_amount: Literal["zero", "skip"] | None = None
    """What an empty amount means: 0, or a line to leave out. Without it, an empty amount is 0 on a further line of an
    order that has an amount, and a fault elsewhere."""
    zero_amount: Literal["order", "ignore"] = "order"
    """Whether an order whose lines are all of amount 0 (paid by gift card, a sample) is an order. An order that was
    returned in full never is."""
    currency_column: str | None = None
    """The column with the currency of the amount; without it, a column with such a name may have one currency only."""
    rates: Mapping[str, Annotated[float, Field(gt=0)]] = Field(default={})
    """What one unit of another currency is worth in `currency`, such as `{ JPY = 0.0061 }`."""
    updated_at: str | None = None
    """The column with the time at which the order's state was written: only the lines of its newest state count."""
    order_id: Columns | None = None
    """The column with the id of the order; without it, all lines of a customer and day are one order."""
    product_id: Columns | None = None
    """The column with the product; a feature counts the different ones."""
    category: Columns | None = None
    """The column with the category; it also gives the next order per category."""
    quantity: Columns | None = None
    """The number of units, as a column or an expression."""
    discount: Columns | None = None
    """The discount, as a column or an expression."""
    coupon: Columns | None = None
    """The part of the amount that a coupon took off, as a column or an expression."""
    channel: Columns | None = None
    """The column with the sales channel."""
    store_id: Columns | None = None
    """The column with the store."""
    recorded_at: Columns | None = None
    """The column with the time at which the line became known, where this is later than the order."""
    duplicates: Literal["keep", "drop"] = "keep"
    """What happens to exact duplicates of a line within one file: they are counted, and kept or dropped. A line that
    stands in several files always counts once."""


class EventsSource(Source):
    """The table of events besides orders; each kind of event is either behaviour or social."""

    happened_at: Columns
    """The column with the time of the event."""
    kind: Columns
    """The column with the kind of the event."""
    channel: Columns | None = None
    """The column with the channel; it counts for the ranking of channels."""
    category: Columns | None = None
    """The column with the category; it is stored, and nothing uses it yet."""
    product_id: Columns | None = None
    """The column with the product; it is stored, and nothing uses it yet."""
    duration_s: Columns | None = None
    """The duration in seconds; it is stored, and nothing uses it yet."""
    value: Columns | None = None
    """The column with a value; it is stored, and nothing uses it yet."""
    behaviour: NameList = ()
    """The kinds that are behaviour, such as `store_visit` and `app_open`; kinds are compared without case."""
    social: NameList = ()
    """The kinds that are social, such as `post` and `referral`."""
    redemptions: NameList = ()
    """The kinds, listed in `behaviour` or `social`, that redeem a coupon."""

    @field_validator("behaviour", "social", "redemptions")
    @classmethod
    def _to_canonical_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(map(canonical_word, kinds)))

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
    """The table of messages to customers: those that were sent, and those that a hold-out withheld."""

    sent_at: Columns
    """The column with the time at which the message was sent, or would have been."""
    campaign_id: Columns
    """The column with the campaign."""
    channel: Columns | None = None
    """The column with the channel; channels are ranked by how often an order or event follows a message."""
    variant: Columns | None = None
    """The column with the variant of the message."""
    treated: Columns | None = None
    """The column that tells whether the message was sent; where it is false, a hold-out withheld it."""
    probability: Columns | None = None
    """The column with the probability of being treated, also in a line with `treated` false: 0.9 where one in ten is
    held out."""
    decision_id: Columns | None = None
    """The column with the decision that the message follows, from `POST /v1/decisions`."""
    audience_id: Columns | None = None
    """The column with the audience that the customer was in, from `POST /v1/audiences`."""
    prediction_id: Columns | None = None
    """The column with the prediction that the message follows."""
    cost: Columns | None = None
    """What the message cost, as a column or an expression."""
    recorded_at: Columns | None = None
    """The column with the time at which the line became known, where this is later than the message."""


class FeedbackSource(Source):
    """The table of what customers wrote; the history keeps the labels of the texts, never the texts."""

    happened_at: Columns
    """The column with the time at which the customer wrote."""
    text: Columns
    """The column with the text, in Chinese or English; texts in other languages are counted as `unread`."""
    channel: Columns | None = None
    """The column with the channel on which the customer wrote."""
    id: Columns | None = None
    """The column with the id of the text, by which the files of `flywheel feedback label` name it to people."""
    recorded_at: Columns | None = None
    """The column with the time at which the line became known, where this is later than the text."""


class ConsentsSource(Source):
    """The table of consents, or files of Segment or Apache Unomi with one JSON object per line."""

    format: Literal["table", "segment", "unomi"] = "table"
    """A table, or files as Segment or Apache Unomi write them, one JSON object per line."""
    purposes: Mapping[str, Purpose] = Field(default={})
    """Names of purposes in the file, each with the purpose it stands for, `profiling` or `marketing`; names are
    compared without case and outer blanks."""
    purpose: Columns
    """The column with the purpose."""
    channel: Columns | None = None
    """The column with the channel, compared without case and outer blanks; without it, a consent counts for all."""
    granted: Columns
    """The column that tells whether the consent was given."""
    changed_at: Columns
    """The column with the time of the change."""
    until: Columns | None = None
    """The column with the time at which the consent ends."""

    @field_validator("purposes")
    @classmethod
    def _to_canonical_names(cls, purposes: Mapping[str, str]) -> Mapping[str, str]:
        canonical: dict[str, str] = {}
        for name, purpose in purposes.items():
            if canonical.setdefault(canonical_word(name), purpose) != purpose:
                raise ValueError(f"found {name!r} with two purposes, when names are compared without case; keep one")
        return canonical

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


class CostsSource(TableFormat):
    """The table of acquisition costs."""

    day: Columns
    """The column with the day."""
    source: Columns
    """The column with the source that the money was spent on."""
    amount: Columns
    """The amount, as a column or an expression."""


class Aliases(ConfigModel):
    """Aliases: a table of old customer ids, each with the id that replaces it."""

    path: str = Field(min_length=1)
    """The file of the aliases."""
    from_: str = Field(alias="from")
    """The column with the old id."""
    to: str
    """The column with the id that replaces it; it may itself be replaced by another line."""
    sheet: str | None = None
    """The sheet of a workbook; without it the first."""
    encoding: TextEncoding | None = None
    """The text encoding, as in `[orders]`."""
