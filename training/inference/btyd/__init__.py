"""BTYD: "buy till you die" models of orders, silent departure and order value, without the fitting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.inference.btyd.beta_geometric import BGNBD, MBGNBD
from training.inference.btyd.gamma_gamma import GammaGamma
from training.inference.btyd.gamma_poisson import GammaPoisson
from training.inference.btyd.model import BuyTillDie
from training.inference.btyd.pareto_nbd import ParetoNBD

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["BGNBD", "FAMILIES", "MBGNBD", "BuyTillDie", "GammaGamma", "GammaPoisson", "ParetoNBD", "btyd_from_json"]

FAMILIES: dict[str, type[BuyTillDie]] = {kind.family: kind for kind in (ParetoNBD, MBGNBD, BGNBD, GammaPoisson)}


def btyd_from_json(values: Mapping[str, str | float]) -> BuyTillDie:
    """Build the model from ``as_json``'s values.

    Raises:
        ValueError: the family is unknown, or a parameter is missing or invalid.
    """
    family = values.get("family")
    if family not in FAMILIES:
        raise ValueError(f"No family named {family!r}. Known families: {', '.join(FAMILIES)}.")
    return FAMILIES[str(family)].from_json(values)
