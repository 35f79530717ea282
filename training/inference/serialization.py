"""A ladder as plain JSON and text files, and back: nothing in an artefact can run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from training.inference.btyd import btyd_from_json
from training.inference.calibration import CalibrationMap
from training.inference.extrapolation import Extension
from training.inference.seasonality import Factors, Season
from training.inference.spend_distribution import SpendRatios
from training.inference.tiered_model import Ladder, Shape
from training.inference.tiers.base import Rung
from training.inference.tiers.btyd import BtydRung
from training.inference.tiers.cohort import CohortsRung
from training.inference.tiers.trees import TreesRung

Json = dict[str, Any]
Made = TypeVar("Made")


def to_json(ladder: Ladder, names: Sequence[str]) -> Json:
    """Everything but the boosted trees, which stay LightGBM's own text files."""
    simple = {tier: rung_json(rung) for tier, rung in ladder.rungs.items() if not isinstance(rung, TreesRung)}
    return {
        "inputs": list(names),
        "tiers": dict(ladder.tiers),
        "rungs": simple,
        "prospects": rung_json(ladder.prospects),
        "extension": None if ladder.extension is None else ladder.extension.model.as_json(),
        "season": None if ladder.season is None else asdict(ladder.season),
        "calibration": asdict(ladder.calibration),
        "shape": asdict(ladder.shape),
        "prospect_ratios": _ratios_json(ladder.prospect_ratios),
    }


def from_json(said: Mapping[str, Any], trees: Mapping[str, str]) -> Ladder:
    """The ladder that ``to_json`` described, with the text files of its trees by file name."""
    shape = said["shape"]
    learned = tuple(shape["learned"])
    rungs = {tier: rung_from_json(rung) for tier, rung in said["rungs"].items()}
    if trees:
        rungs["ml"] = TreesRung(trees, said["inputs"], learned)
    return Ladder(
        tiers=said["tiers"],
        rungs=rungs,
        prospects=rung_from_json(said["prospects"]),
        extension=_extension(said),
        season=_season(said["season"]),
        calibration=_made(CalibrationMap, said["calibration"]),
        shape=Shape(
            shape["churn_days"], tuple(shape["asked"]), learned, shape["order_growth"], shape["spend_growth"],
            _ratios(shape["ratios"]),
        ),
        prospect_ratios=_ratios(said["prospect_ratios"]),
    )  # fmt: skip


def _extension(said: Mapping[str, Any]) -> Extension | None:
    model = said["extension"]
    return None if model is None else Extension(tuple(said["inputs"]), btyd_from_json(model))


def _season(said: Mapping[str, Any] | None) -> Season | None:
    if said is None:
        return None
    buyers, orders = (_made(Factors, said[kind]) for kind in ("buyers", "orders"))
    return Season(buyers, orders, None if said["spend"] is None else _made(Factors, said["spend"]))


def rung_json(rung: Rung) -> Json:
    """A simple rung as plain JSON."""
    if isinstance(rung, BtydRung):
        return rung.as_json()
    if isinstance(rung, CohortsRung):
        return asdict(rung)
    raise TypeError(f"{type(rung).__name__} has no JSON form. Expected a BtydRung or a CohortsRung.")


def rung_from_json(said: Mapping[str, Any]) -> Rung:
    """The simple rung that ``rung_json`` described."""
    return BtydRung.from_json(said) if "model" in said else _made(CohortsRung, said)


def _made(kind: Callable[..., Made], said: Mapping[str, Any]) -> Made:
    return kind(**{key: _frozen(value) for key, value in said.items()})


def _frozen(value: object) -> object:
    return tuple(_frozen(one) for one in value) if isinstance(value, list) else value


def _ratios_json(ratios: Sequence[SpendRatios] | None) -> list[Json] | None:
    return None if ratios is None else [asdict(one) for one in ratios]


def _ratios(said: Sequence[Mapping[str, Any]] | None) -> tuple[SpendRatios, ...] | None:
    return None if said is None else tuple(_made(SpendRatios, one) for one in said)
