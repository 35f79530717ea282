"""Serialization: a tiered model to JSON and text files and back; no file contains code that could run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any, TypeVar

from training.inference.btyd import btyd_from_json
from training.inference.calibration import CalibrationMap
from training.inference.extrapolation import Extrapolation
from training.inference.heads import Head
from training.inference.seasonality import SeasonalFactors, Seasonality
from training.inference.spend_distribution import SpendDistribution
from training.inference.tiered_model import HorizonLayout, TieredModel
from training.inference.tiers.base import Tier
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.cohort import CohortTier
from training.inference.tiers.trees import TreesTier

Json = dict[str, Any]
Built = TypeVar("Built")


def serialize_tiered_model(tiered_model: TieredModel, names: Sequence[str]) -> Json:
    """Return everything as JSON except the boosted trees, which stay LightGBM's own text files."""
    simple = {
        name: serialize_tier(tier)
        for name, tier in tiered_model.tier_by_name.items()
        if not isinstance(tier, TreesTier)
    }
    return {
        "inputs": list(names),
        "tier_by_model": dict(tiered_model.tier_by_model),
        "tier_by_name": simple,
        "prospects": serialize_tier(tiered_model.prospects),
        "extrapolation": None if tiered_model.extrapolation is None else tiered_model.extrapolation.model.as_json(),
        "seasonality": None if tiered_model.seasonality is None else asdict(tiered_model.seasonality),
        "calibration": asdict(tiered_model.calibration),
        "layout": asdict(tiered_model.layout),
        "prospect_distributions": _serialize_distributions(tiered_model.prospect_distributions),
    }


def deserialize_tiered_model(
    payload: Mapping[str, Any], trees: Mapping[str, str], heads: Mapping[str, Head] = MappingProxyType({})
) -> TieredModel:
    """Build the tiered model from ``serialize_tiered_model``'s JSON and the text files of its trees by file name.

    Raises:
        KeyError, TypeError, ValueError: the payload is incomplete, or has another form.
        InvalidBooster: a file is not a LightGBM model.
    """
    layout = payload["layout"]
    learned = tuple(layout["learned"])
    tiers = {name: deserialize_tier(content) for name, content in payload["tier_by_name"].items()}
    if trees:
        tiers["ml"] = TreesTier(trees, payload["inputs"], learned)
    return TieredModel(
        tier_by_model=payload["tier_by_model"],
        tier_by_name=tiers,
        prospects=deserialize_tier(payload["prospects"]),
        extrapolation=_deserialize_extrapolation(payload),
        seasonality=_deserialize_seasonality(payload["seasonality"]),
        calibration=_build(CalibrationMap, payload["calibration"]),
        layout=HorizonLayout(
            layout["churn_days"], tuple(layout["horizons"]), learned, layout["order_growth"], layout["spend_growth"],
            _deserialize_distributions(layout["ratios"]),
        ),
        prospect_distributions=_deserialize_distributions(payload["prospect_distributions"]),
        heads=heads,
    )  # fmt: skip


def _deserialize_extrapolation(payload: Mapping[str, Any]) -> Extrapolation | None:
    model = payload["extrapolation"]
    return None if model is None else Extrapolation(tuple(payload["inputs"]), btyd_from_json(model))


def _deserialize_seasonality(payload: Mapping[str, Any] | None) -> Seasonality | None:
    if payload is None:
        return None
    buyers, orders = (_build(SeasonalFactors, payload[kind]) for kind in ("buyers", "orders"))
    return Seasonality(buyers, orders, None if payload["spend"] is None else _build(SeasonalFactors, payload["spend"]))


def serialize_tier(tier: Tier) -> Json:
    """Return a tier without trees as JSON.

    Raises:
        TypeError: the tier has trees.
    """
    if isinstance(tier, BtydTier):
        return tier.as_json()
    if isinstance(tier, CohortTier):
        return asdict(tier)
    raise TypeError(f"{type(tier).__name__} has no JSON form. Expected a BtydTier or a CohortTier.")


def deserialize_tier(payload: Mapping[str, Any]) -> Tier:
    """Build the tier from ``serialize_tier``'s JSON."""
    return BtydTier.from_json(payload) if "model" in payload else _build(CohortTier, payload)


def _build(kind: Callable[..., Built], payload: Mapping[str, Any]) -> Built:
    return kind(**{key: _to_tuples(value) for key, value in payload.items()})


def _to_tuples(value: object) -> object:
    return tuple(_to_tuples(item) for item in value) if isinstance(value, list) else value


def _serialize_distributions(distributions: Sequence[SpendDistribution] | None) -> list[Json] | None:
    return None if distributions is None else [asdict(distribution) for distribution in distributions]


def _deserialize_distributions(payload: Sequence[Mapping[str, Any]] | None) -> tuple[SpendDistribution, ...] | None:
    return None if payload is None else tuple(_build(SpendDistribution, distribution) for distribution in payload)
