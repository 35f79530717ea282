"""Shop configuration: flywheel.toml, the sources of the log and the business settings, as one validated object."""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    Field,
    Strict,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from features.config.base import ConfigModel
from features.config.churn_rules import ChurnRules
from features.config.config_errors import validation_messages
from features.config.global_holdout import GlobalHoldoutConfig
from features.config.north_star import NorthStarConfig
from features.config.retention import Retention
from features.config.segmentation import (
    LIFECYCLE,
    Lifecycle,
    PresetSegmentsConfig,
    Rfm,
    Segments,
    Share,
    ValueTiers,
    amount_conditions,
)
from features.config.sources import (
    Aliases,
    ConsentsSource,
    CostsSource,
    EventsSource,
    FeedbackSource,
    OrdersSource,
    TouchesSource,
)
from features.config.table_format import NameList
from features.config.tags import Destinations
from features.errors import InvalidConfig
from features.plausibility_codes import CODES

HorizonDays = Annotated[int, Field(ge=1, le=730)]


class ChurnBands(ConfigModel):
    """Thresholds on the churn probability between the bands low, medium and high."""

    low: Share = 0.3
    """A churn probability below this value is in the band `low`."""
    high: Share = 0.7
    """A churn probability from this value up is in the band `high`; between the two it is `medium`."""

    @model_validator(mode="after")
    def _check_order(self) -> ChurnBands:
        if self.low >= self.high:
            raise ValueError(f"found low = {self.low} and high = {self.high}; expected low below high")
        return self


class ConsentDefaults(ConfigModel):
    """Consent defaults: whether a purpose is allowed for a customer without a recorded consent decision."""

    profiling: bool = True
    """Whether predictions may be made for a customer without a recorded decision on profiling."""
    marketing: bool = False
    """Whether marketing messages may be sent to a customer without a recorded decision on marketing."""


class BusinessConfig(ConfigModel):
    """Business settings: horizons, churn bands and rules, consent defaults and segmentation."""

    churn_days: HorizonDays | Literal["auto"] = "auto"
    """The churn horizon in days; `auto` takes the days by which 85 % of repeat orders have come."""
    ltv_days: Annotated[tuple[HorizonDays, ...], Strict(False)] = (30, 90, 365)  # noqa: FBT003 -- a list in TOML
    """The horizons, in days, for which orders and spend are predicted."""
    lead_days: Annotated[int, Field(ge=0, le=365)] = 15
    """`remind_on` is this many days before the expected day of the next order, and never before today."""
    max_feature_age_days: Annotated[int, Field(ge=1)] = 7
    """An answer from older features has the status `stale_features`."""
    bands: ChurnBands = ChurnBands()
    """The limits between low, medium and high churn probability."""
    churn_rules: ChurnRules = Field(default={})
    """The rules by which the business calls a customer lapsed today; they are evaluated beside the churn model."""
    consent_defaults: ConsentDefaults = ConsentDefaults()
    """Whether each purpose is allowed for a customer who never granted or denied consent."""
    global_holdout: GlobalHoldoutConfig | None = None
    """A share of all customers that no experiment and no audience approaches until a day."""
    north_star: NorthStarConfig = NorthStarConfig()
    """Who counts as a high-value active customer, the number by which `flywheel growth` measures the business."""
    rfm: Rfm = Rfm()
    """Cut points and windows of the RFM scores."""
    lifecycle: Lifecycle = LIFECYCLE
    """The lifecycle stages in their order; a customer is in the first one whose conditions all hold."""
    value_tiers: ValueTiers = ValueTiers()
    """The sizes of the value tiers."""
    segments: Segments = Field(default={})
    """Segments of your own: a name, and the conditions that all have to hold."""
    preset_segments: PresetSegmentsConfig = PresetSegmentsConfig()
    """The limits of the preset segments."""

    @field_validator("ltv_days")
    @classmethod
    def _sort_horizons(cls, days: tuple[int, ...]) -> tuple[int, ...]:
        if not days:
            raise ValueError("found []; expected at least one horizon in days")
        return tuple(sorted(set(days)))

    @model_validator(mode="after")
    def _check_tier_horizon(self) -> BusinessConfig:
        horizon = self.value_tiers.horizon_days
        if horizon is not None and horizon not in self.ltv_days:
            known = ", ".join(map(str, self.ltv_days))
            raise ValueError(f"found horizon_days = {horizon} in value_tiers; expected one of ltv_days, {known}")
        return self

    @property
    def amount_conditions(self) -> tuple[str, ...]:
        """The settings that need amounts, as text with their sections."""
        revenue = ['by = "revenue" in [business.value_tiers]'] if self.value_tiers.by == "revenue" else []
        return (*amount_conditions(self.lifecycle, self.segments), *revenue)


@lru_cache
def zone_names() -> frozenset[str]:
    """The names of all time zones; to list their files takes 20 ms."""
    return frozenset(available_timezones())


class ShopConfig(ConfigModel):
    """The configuration of a shop: its name, currency, time zone, sources and business settings."""

    name: str = Field(min_length=1)
    """The shop's name."""
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    """The currency of all amounts, as three capital letters such as `EUR`."""
    timezone: str
    """The shop's IANA time zone, such as `Europe/London`; a day is a day in this zone."""
    orders: OrdersSource
    """The table of orders."""
    events: EventsSource | None = None
    """The table of events: what customers do besides ordering."""
    touches: TouchesSource | None = None
    """The table of messages that were sent to customers."""
    feedback: FeedbackSource | None = None
    """The table of what customers wrote."""
    consents: ConsentsSource | None = None
    """The table of consents."""
    costs: CostsSource | None = None
    """The table of acquisition costs; attribution divides them by the new customers of their source."""
    aliases: Aliases | None = None
    """The table of old customer ids and of the ids that replace them."""
    id_case: Literal["keep", "fold"] = "keep"
    """Whether customer ids that differ by case only are different customers (`keep`) or one (`fold`): in the log,
    consents, requests and erasure. Run `flywheel run` after a change; until then the service knows the old ids.
    """
    accept: NameList = ()
    """Codes of plausibility notes that you know and accept, so that blocking ones keep no release from promotion."""
    business: BusinessConfig = BusinessConfig()
    """Business settings: horizons, churn bands and rules, consent defaults and segmentation."""
    tags: Destinations = Field(default={})
    """Tools that get bands of the scores as tags of customers, each with a name: `[tags.wecom]`."""
    retention: Retention = Retention()
    """For how long the home keeps scores, releases and their runs."""

    folder: Path = Field(alias="folder of flywheel.toml", exclude=True)
    """The folder of the file; relative paths start there."""

    @field_validator("timezone")
    @classmethod
    def _check_timezone(cls, name: str) -> str:
        if name not in zone_names():
            near = difflib.get_close_matches(name, zone_names(), n=1) or ["Europe/London"]
            raise ValueError(f"found {name!r}; expected an IANA time zone such as {near[0]!r}")
        return name

    @field_validator("business")
    @classmethod
    def _check_amounts(cls, business: BusinessConfig, info: ValidationInfo) -> BusinessConfig:
        orders = info.data.get("orders")
        if orders is not None and orders.amount is None and business.amount_conditions:
            raise ValueError(
                f"found {', '.join(business.amount_conditions)}, but [orders] names no amount; expected conditions on "
                "orders, contacts and days only, or an amount in [orders]"
            )
        return business

    @field_validator("accept")
    @classmethod
    def _check_accept(cls, codes: tuple[str, ...]) -> tuple[str, ...]:
        for code in codes:
            if code not in CODES:
                near = difflib.get_close_matches(code, CODES, n=1)
                perhaps = f", perhaps {near[0]!r}" if near else ""
                raise ValueError(f"found {code!r}{perhaps}; expected codes of plausibility notes: {', '.join(CODES)}")
        return codes

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    @property
    def fingerprint(self) -> str:
        """sha256 of the configuration less what changes no line of the history, such as ``accept``."""
        business = {"global_holdout": True, "north_star": True}
        left_out: dict[str, Any] = {"accept": True, "retention": True, "tags": True, "business": business}
        if self.feedback is None:
            left_out["feedback"] = True  # the history of a shop without it is that of an earlier version
        return hashlib.sha256(self.model_dump_json(exclude={**left_out}).encode()).hexdigest()


def read_shop_config(path: Path) -> ShopConfig:
    """Read and check flywheel.toml.

    Raises:
        InvalidConfig: the file is missing, is not TOML, or has invalid keys; the text lists all of them.
    """
    if not path.is_file():
        raise InvalidConfig(
            f"No configuration at {path}. Expected a flywheel.toml that says where the log is. "
            "Write one with `flywheel init FILE`, or name it with --config."
        )
    try:
        payload = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidConfig(f"{path} is not TOML: {error}. Correct that line.") from None
    try:
        return ShopConfig.model_validate({**payload, "folder of flywheel.toml": path.parent.resolve()})
    except ValidationError as error:
        faults = "\n".join(f"  - {fault}" for fault in validation_messages(error, ShopConfig))
        raise InvalidConfig(
            f"{path} is invalid. Correct these keys; the configuration reference explains each of them:\n{faults}"
        ) from None
