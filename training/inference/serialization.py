"""Serialization: a tiered model to JSON and text files and back; no file contains code that could run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, TypeVar

from training.inference.average.average_tier import AverageTier
from training.inference.average.serialization import LoadMember, deserialize_average, serialize_average
from training.inference.btyd import btyd_from_json
from training.inference.extrapolation import Extrapolation
from training.inference.heads import Head
from training.inference.seasonality import SeasonalFactors, Seasonality
from training.inference.spend_distribution import SpendDistribution
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.base import Tier
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.population import PopulationTier

Json = dict[str, Any]
Built = TypeVar("Built")


def serialize_tiered_model(tiered_model: TieredModel, names: Sequence[str]) -> Json:
    """Return everything as JSON except the members of the average and trees, which are files of their own."""
    return {
        "inputs": list(names),
        "tier_by_model": tiered_model.tier_by_model,
        "tier": tiered_model.tier_name,
        "tier_content": serialize_tier(tiered_model.tier),
        "prospects": serialize_tier(tiered_model.prospects),
        "extrapolation": None if tiered_model.extrapolation is None else tiered_model.extrapolation.model.as_json(),
        "seasonality": None if tiered_model.seasonality is None else asdict(tiered_model.seasonality),
        "layout": asdict(tiered_model.layout),
        "prospect_distributions": _serialize_distributions(tiered_model.prospect_distributions),
    }


def deserialize_tiered_model(
    payload: Mapping[str, Any],
    texts: Mapping[str, str],
    members: Mapping[str, LoadMember],
    heads: Mapping[str, Head] = MappingProxyType({}),
) -> TieredModel:
    """Build the tiered model from ``serialize_tiered_model``'s JSON and the other files by name.

    Raises:
        KeyError, TypeError, ValueError: the payload is incomplete, or has another form.
        InvalidBooster: a file is not a LightGBM model.
    """
    layout = payload["layout"]
    return TieredModel(
        tier_name=payload["tier"],
        tier=deserialize_tier(payload["tier_content"], texts, members),
        prospects=_build(PopulationTier, payload["prospects"]),
        extrapolation=_deserialize_extrapolation(payload),
        seasonality=_deserialize_seasonality(payload["seasonality"]),
        layout=HorizonLayout(
            layout["churn_days"],
            tuple(layout["horizons"]),
            tuple(layout["learned"]),
            layout["order_growth"],
            layout["spend_growth"],
            _deserialize_distributions(layout["ratios"]),
        ),
        prospect_distributions=_deserialize_distributions(payload["prospect_distributions"]),
        heads=heads,
    )


def _deserialize_extrapolation(payload: Mapping[str, Any]) -> Extrapolation | None:
    model = payload["extrapolation"]
    return None if model is None else Extrapolation(tuple(payload["inputs"]), btyd_from_json(model))


def _deserialize_seasonality(payload: Mapping[str, Any] | None) -> Seasonality | None:
    if payload is None:
        return None
    buyers, orders = (_build(SeasonalFactors, payload[kind]) for kind in ("buyers", "orders"))
    return Seasonality(buyers, orders, None if payload["spend"] is None else _build(SeasonalFactors, payload["spend"]))


def serialize_tier(tier: Tier) -> Json:
    """Return a tier as JSON, without the files of the average.

    Raises:
        TypeError: the tier has no JSON form.
    """
    if isinstance(tier, AverageTier):
        return serialize_average(tier)
    if isinstance(tier, BtydTier):
        return tier.as_json()
    if isinstance(tier, PopulationTier):
        return asdict(tier)
    raise TypeError(f"{type(tier).__name__} has no JSON form. Expected an average, a BTYD or a population tier.")


def deserialize_tier(
    payload: Mapping[str, Any],
    texts: Mapping[str, str] = MappingProxyType({}),
    members: Mapping[str, LoadMember] = MappingProxyType({}),
) -> Tier:
    """Build the tier from ``serialize_tier``'s JSON and the files of the average by name."""
    if "curve" in payload:
        return deserialize_average(payload, texts, members)
    return BtydTier.from_json(payload) if "model" in payload else _build(PopulationTier, payload)


def _build(kind: Callable[..., Built], payload: Mapping[str, Any]) -> Built:
    return kind(**{key: _to_tuples(value) for key, value in payload.items()})


def _to_tuples(value: object) -> object:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list) else value


def _serialize_distributions(distributions: Sequence[SpendDistribution] | None) -> list[Json] | None:
    return None if distributions is None else [asdict(distribution) for distribution in distributions]


def _deserialize_distributions(payload: Sequence[Mapping[str, Any]] | None) -> tuple[SpendDistribution, ...] | None:
    return None if payload is None else tuple(_build(SpendDistribution, distribution) for distribution in payload)
