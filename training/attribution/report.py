"""Attribution report: what each channel caused where a hold-out tells, beside what the path rules credit it with.

The three kinds of figure have three kinds of evidence. Only ``randomised`` says what was caused. ``observational``
compares alike customers and misses what was not recorded. ``credited`` divides the conversions that happened, whether
or not the channel had a part in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from training.attribution.acquisition_costs import SourceCost
from training.attribution.incremental.channel_effects import Incremental
from training.attribution.period import Period
from training.experiments.refusal import Refusal

Evidence = Literal["randomised", "observational", "credited"]
PathRule = Literal["last_touch", "first_touch", "linear", "markov", "shapley"]
PATH_RULE_NAMES: tuple[PathRule, ...] = get_args(PathRule)


@dataclass(frozen=True, kw_only=True)
class CampaignAttribution:
    """The incremental conversions of one campaign or experiment of a channel."""

    campaign: str
    incremental: Incremental | Refusal


@dataclass(frozen=True, kw_only=True)
class ChannelAttribution:
    """The attribution of one channel in the period."""

    channel: str
    touches: int  # that were sent
    customers: int  # who received them
    withheld: int  # touches
    touch_cost: float  # what the touches cost, in the currency of the shop
    incremental: Incremental | Refusal
    campaigns: tuple[CampaignAttribution, ...]
    exposure_hazard: float
    credits: Mapping[PathRule, float]


@dataclass(frozen=True, kw_only=True)
class AttributionReport:
    """The attribution of all channels in a period."""

    period: Period
    conversions: int  # orders of the period
    touched_conversions: int  # of them with a path
    has_served_rates: bool  # whether customers were compared by the served prediction, or by their past orders
    channels: tuple[ChannelAttribution, ...]  # the most touches first
    small_channels: int  # left out, with fewer customers than SMALLEST_CHANNEL
    costs: tuple[SourceCost, ...] = ()
