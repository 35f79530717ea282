"""The sources that flywheel.toml may name: where each table of the log is, and how its columns are called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict, field_validator, model_validator

from features.consents.consent import meaning
from features.consents.shapes import COLUMNS
from features.section import Section

Names = Annotated[tuple[str, ...], Strict(False)]  # noqa: FBT003 -- TOML has lists only, and a frozen section tuples
Purpose = Annotated[str, AfterValidator(meaning)]


class Source(Section):
    """A table of the log: where it is, how its dates are written."""

    path: str = Field(min_length=1)
    customer_id: str = Field(min_length=1)
    date_format: str | None = None
    has_header: bool = True
    anonymous: Names = ()


class Orders(Source):
    """One row per order line, or per order."""

    ordered_at: str
    amount: str | None = None
    order_id: str | None = None
    product_id: str | None = None
    category: str | None = None
    quantity: str | None = None
    discount: str | None = None
    coupon: str | None = None
    channel: str | None = None
    store_id: str | None = None
    recorded_at: str | None = None
    duplicates: Literal["keep", "drop"] = "keep"


class Events(Source):
    """What customers did besides ordering; each kind belongs to one of the two dimensions."""

    happened_at: str
    kind: str
    channel: str | None = None
    category: str | None = None
    product_id: str | None = None
    duration_s: str | None = None
    value: str | None = None
    behaviour: Names = ()
    social: Names = ()
    redemptions: Names = ()

    @field_validator("behaviour", "social", "redemptions")
    @classmethod
    def _each_once(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(kinds))

    @model_validator(mode="after")
    def _one_dimension_each(self) -> Events:
        both = sorted(set(self.behaviour) & set(self.social))
        if both:
            raise ValueError(f"found {', '.join(both)} in both behaviour and social; keep each kind in one list")
        return self

    @model_validator(mode="after")
    def _redemptions_listed(self) -> Events:
        if others := [kind for kind in self.redemptions if kind not in self.contacts]:
            raise ValueError(
                f"found {', '.join(others)} in redemptions but in neither behaviour nor social; list them there too"
            )
        return self

    @property
    def contacts(self) -> tuple[str, ...]:
        """The kinds of event by which a customer is heard of."""
        return (*self.behaviour, *self.social)


class Touches(Source):
    """What was sent to customers."""

    sent_at: str
    campaign_id: str
    channel: str | None = None
    variant: str | None = None
    treated: str | None = None
    probability: str | None = None


class Consents(Source):
    """What customers agreed to, and when: a table, or what Segment or Apache Unomi write, a JSON object a line."""

    format: Literal["table", "segment", "unomi"] = "table"
    purposes: Mapping[str, Purpose] = Field(default={})
    purpose: str
    channel: str | None = None
    granted: str
    changed_at: str
    until: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named_by_their_format(cls, said: object) -> object:
        if not isinstance(said, dict) or said.get("format", "table") == "table":
            return said
        own = sorted(set(said) & set(COLUMNS))
        if own:
            raise ValueError(
                f"found {', '.join(own)} beside format = {said['format']!r}, which names them; leave them out"
            )
        return {**{name: name for name in COLUMNS}, **said}


class Costs(Section):
    """What was spent to win customers."""

    path: str
    day: str
    source: str
    amount: str
    date_format: str | None = None
    has_header: bool = True
