"""Report assembly: the attribution report of a period from its log, channel by channel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import numpy as np

from features.arrays import Booleans, Floats
from features.calendar import day_from_number
from training.attribution.acquisition_costs import SourceCost
from training.attribution.credits.conversion_paths import ConversionPaths, conversion_paths
from training.attribution.credits.markov import markov
from training.attribution.credits.path_rules import first_touch, last_touch, linear
from training.attribution.credits.shapley import shapley
from training.attribution.hazard.exposure_hazard import exposure_hazard
from training.attribution.hazard.order_rates import order_rates
from training.attribution.incremental.channel_effects import Incremental, incremental
from training.attribution.incremental.randomised_units import RandomisedUnits, decision_units, touch_units
from training.attribution.period import Period
from training.attribution.report import AttributionReport, CampaignAttribution, ChannelAttribution, PathRule
from training.attribution.row_runs import distinct
from training.attribution.rows import AttributionLog, TouchRows
from training.experiments.refusal import Refusal

PATH_RULES: Mapping[PathRule, Callable[[ConversionPaths], Floats]] = {
    "last_touch": last_touch,
    "first_touch": first_touch,
    "linear": linear,
    "markov": markov,
    "shapley": shapley,
}
SMALLEST_CHANNEL = 10  # customers; what is known of fewer could be told of one of them
MAX_CAMPAIGNS = 20  # of a channel, those with the most rows


def attribution_report(log: AttributionLog, period: Period, costs: tuple[SourceCost, ...] = ()) -> AttributionReport:
    """The attribution of a period, from its log."""
    rate = order_rates(log, period.first_day)
    sent = log.touches.select(log.touches.treated & period.contains(log.touches.day))
    withheld = log.touches.channel[~log.touches.treated & period.contains(log.touches.day)]
    listed = _customers_by_channel(log, period, sent) >= SMALLEST_CHANNEL
    paths = conversion_paths(_without_channels(log.touches, ~listed), log.orders, period, log.channels)
    credits_ = {name: rule(paths) for name, rule in PATH_RULES.items()}
    hazard = exposure_hazard(log, period)
    channels = [
        ChannelAttribution(
            channel=log.channels[channel],
            touches=int((sent.channel == channel).sum()),
            customers=len(distinct(sent.customer[sent.channel == channel])),
            withheld=int((withheld == channel).sum()),
            touch_cost=float(sent.cost[sent.channel == channel].sum()),
            incremental=_incremental(
                log, period, rate, log.touches.channel == channel, log.decisions.channel == channel
            ),
            campaigns=_campaigns(log, period, rate, channel),
            exposure_hazard=float(hazard[channel]),
            credits={name: float(values[channel]) for name, values in credits_.items()},
        )
        for channel in np.flatnonzero(listed).tolist()
    ]  # fmt: skip
    return AttributionReport(
        period=period,
        conversions=int(period.contains(log.orders.day).sum()),
        touched_conversions=int(paths.conversions.sum()),
        has_served_rates=log.has_served_rates,
        channels=tuple(sorted(channels, key=lambda each: (-each.touches, each.channel))),
        small_channels=int((~listed).sum()),
        costs=costs,
    )


def _customers_by_channel(log: AttributionLog, period: Period, sent: TouchRows) -> Floats:
    """The number of customers whom each channel touched or decided about in the period, (channels,)."""
    decided = period.contains(log.decisions.day)
    channel = np.append(sent.channel, log.decisions.channel[decided])
    customer = np.append(sent.customer, log.decisions.customer[decided])
    pairs = distinct(channel * max(log.customers, 1) + customer)
    return np.bincount(pairs // max(log.customers, 1), minlength=len(log.channels)).astype(np.float64)


def _without_channels(touches: TouchRows, hidden: Booleans) -> TouchRows:
    return touches.select(~hidden[touches.channel]) if len(touches) else touches


def _incremental(
    log: AttributionLog, period: Period, rate: Floats, touches: Booleans, decisions: Booleans
) -> Incremental | Refusal:
    """The incremental conversions of some touches and decisions, or why they are not known."""
    if period.end_day > log.last_day + 1:
        day = day_from_number(log.last_day)
        return Refusal(
            "not_mature",
            f"Found a log that ends on {day}; expected one that reaches the end of the period, {period.end}. Ask for a "
            f"period until {day + timedelta(days=1)}, or ingest the later days first.",
        )
    return incremental(_strata(log, period, touches, decisions), rate)


def _strata(log: AttributionLog, period: Period, touches: Booleans, decisions: Booleans) -> list[RandomisedUnits]:
    """The units of touches, and those of each experiment."""
    rows = log.decisions.select(decisions)
    return [
        touch_units(log.touches.select(touches), log.orders, period),
        *(
            decision_units(rows.select(rows.campaign == experiment), log.orders, period)
            for experiment in np.unique(rows.campaign).tolist()
        ),
    ]


def _campaigns(log: AttributionLog, period: Period, rate: Floats, channel: int) -> tuple[CampaignAttribution, ...]:
    """The campaigns of a channel, where chance decided about them apart; the ones with the most rows first.

    Customers who are held out of a whole channel are held out of all its campaigns, so nothing tells those apart.
    """
    in_channel = log.touches.channel == channel
    drawn = in_channel & period.contains(log.touches.day) & ~log.touches.in_experiment
    units = touch_units(log.touches.select(drawn), log.orders, period)
    touched = log.touches.campaign[drawn] if units.level != "customer" else log.touches.campaign[:0]
    decided = log.decisions.campaign[log.decisions.channel == channel]
    counts = np.bincount(np.append(touched, decided), minlength=len(log.campaigns))
    largest = [each for each in np.argsort(-counts, kind="stable")[:MAX_CAMPAIGNS].tolist() if counts[each]]
    return tuple(
        CampaignAttribution(
            campaign=log.campaigns[campaign],
            incremental=_incremental(
                log,
                period,
                rate,
                in_channel & (log.touches.campaign == campaign),
                (log.decisions.channel == channel) & (log.decisions.campaign == campaign),
            ),
        )
        for campaign in largest
    )
