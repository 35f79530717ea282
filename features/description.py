"""flywheel.toml: where the log is and what the business means by its words, as one frozen, validated object."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, Strict, ValidationError, field_validator, model_validator

from features.churn_rule import ChurnRules
from features.errors import BadDescription
from features.faults import faults

Share = Annotated[float, Field(ge=0, le=1)]
Days = Annotated[int, Field(ge=1, le=730)]
Names = Annotated[tuple[str, ...], Strict(False)]  # noqa: FBT003 -- TOML has lists only, and a frozen section tuples
Numbers = Annotated[tuple[float, ...], Strict(False)]  # noqa: FBT003 -- as above


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Source(_Section):
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
    """What customers agreed to, and when."""

    purpose: str
    channel: str
    granted: str
    changed_at: str


class Costs(_Section):
    """What was spent to win customers."""

    path: str
    day: str
    source: str
    amount: str
    date_format: str | None = None
    has_header: bool = True


class Bands(_Section):
    """Cut-offs on the calibrated churn probability."""

    low: Share = 0.3
    high: Share = 0.7

    @model_validator(mode="after")
    def _ordered(self) -> Bands:
        if self.low >= self.high:
            raise ValueError(f"found low = {self.low} and high = {self.high}; expected low below high")
        return self


class Rfm(_Section):
    """The business' own cut points for recency (days), frequency (orders) and monetary (spend)."""

    recency: Numbers = ()
    frequency: Numbers = ()
    monetary: Numbers = ()


class Business(_Section):
    """What the business means by its words."""

    churn_days: Days | Literal["auto"] = "auto"
    ltv_days: Annotated[tuple[Days, ...], Strict(False)] = (30, 90, 365)  # noqa: FBT003 -- as above
    lead_days: Annotated[int, Field(ge=0, le=365)] = 15
    max_feature_age_days: Annotated[int, Field(ge=1)] = 7
    bands: Bands = Bands()
    rfm: Rfm | None = None
    churn_rules: ChurnRules = {}

    @field_validator("ltv_days")
    @classmethod
    def _ascending(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if not days:
            raise ValueError("found []; expected at least one horizon in days")
        return tuple(sorted(set(days)))


class Description(_Section):
    """A shop, as its flywheel.toml describes it."""

    name: str = Field(min_length=1)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    timezone: str
    orders: Orders
    events: Events | None = None
    touches: Touches | None = None
    consents: Consents | None = None
    costs: Costs | None = None
    business: Business = Business()

    folder: Path = Field(alias="folder of flywheel.toml", exclude=True)  # what its paths are relative to

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        if name not in available_timezones():
            near = difflib.get_close_matches(name, available_timezones(), n=1) or ["Europe/London"]
            raise ValueError(f"found {name!r}; expected an IANA time zone such as {near[0]!r}")
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def fingerprint(self) -> str:
        """Changes when, and only when, the description does."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def read_description(path: Path) -> Description:
    """Read and check flywheel.toml.

    Raises:
        BadDescription: the file is missing, is not TOML, or says something unknown; all faults at once.
    """
    if not path.is_file():
        raise BadDescription(
            f"No description at {path}. Expected a flywheel.toml that says where the log is. "
            "Write one (the README shows how), or name it with --config."
        )
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadDescription(f"{path} is not TOML: {error}. Mend that line.") from None
    try:
        return Description.model_validate({**said, "folder of flywheel.toml": path.parent.resolve()})
    except ValidationError as error:
        found = "\n".join(f"  - {fault}" for fault in faults(error, Description))
        raise BadDescription(
            f"{path} cannot be used. Correct these keys, the README says what each of them means:\n{found}"
        ) from None
