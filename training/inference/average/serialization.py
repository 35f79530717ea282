"""Average serialization: the average tier to JSON and text files and back; no file contains code that could run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from training.inference.average.average_tier import AverageTier, LongTenure
from training.inference.average.averaged_question import AveragedQuestion, FittedMember
from training.inference.average.curve import AveragedCurve
from training.inference.average.customer_inputs import ShopAverages
from training.inference.average.regression import Regression
from training.inference.average.spend import AveragedSpend
from training.inference.tiers.btyd import BtydTier
from training.inference.tiers.lightgbm_runtime import Booster

LoadMember = Callable[[Mapping[str, str]], FittedMember]
Json = dict[str, Any]
HAZARD_FILE = "hazard.txt"


def order_file(days: int, member_file: str) -> str:
    """Name of a member's file for P(order within ``days``)."""
    return f"order_{days}d.{member_file}"


def orders_file(days: int, member_file: str) -> str:
    """Name of a member's file for the orders within ``days``."""
    return f"orders_{days}d.{member_file}"


def spend_file(days: int) -> str:
    """Name of the file with the trees that correct the spend within ``days``."""
    return f"spend_{days}d.correction.txt"


def serialize_average(tier: AverageTier) -> Json:
    """Return everything as JSON except the members and the trees, which are files of their own."""
    return {
        "btyd": tier.btyd.as_json(),
        "averages": asdict(tier.averages),
        "churn": _serialize_question(tier.churn),
        "orders": [_serialize_question(question) for question in tier.orders],
        "curve": {
            "days": tier.curve.days.tolist(),
            "direct": [regression.to_text() for regression in tier.curve.direct],
            "center": tier.curve.center.tolist(),
            "spread": tier.curve.spread,
        },
        "value_ratios": None if tier.spend is None else [spend.value_ratio for spend in tier.spend],
        "long_tenure": None if tier.long_tenure is None else asdict(tier.long_tenure),
    }


def deserialize_average(
    payload: Mapping[str, Any], texts: Mapping[str, str], members: Mapping[str, LoadMember]
) -> AverageTier:
    """Build the tier from ``serialize_average``'s JSON, the texts by file name, and the loaders of the members.

    Raises:
        KeyError, TypeError, ValueError: the payload or a file is missing, or has another form.
        InvalidBooster: a file is not a LightGBM model.
    """
    btyd, curve = BtydTier.from_json(payload["btyd"]), payload["curve"]
    orders = [_deserialize_question(part, orders_file, texts, members) for part in payload["orders"]]
    return AverageTier(
        names=btyd.names,
        btyd=btyd,
        averages=ShopAverages(**payload["averages"]),
        churn=_deserialize_question(payload["churn"], order_file, texts, members),
        curve=AveragedCurve(
            np.asarray(curve["days"], dtype=float),
            tuple(Regression.from_text(text) for text in curve["direct"]),
            Booster(texts[HAZARD_FILE]),
            np.asarray(curve["center"], dtype=float),
            curve["spread"],
        ),
        orders=tuple(orders),
        spend=_deserialize_spend(payload["value_ratios"], orders, texts),
        long_tenure=None if payload["long_tenure"] is None else LongTenure(**payload["long_tenure"]),
    )


def _deserialize_spend(
    value_ratios: list[float] | None, orders: list[AveragedQuestion], texts: Mapping[str, str]
) -> tuple[AveragedSpend, ...] | None:
    if value_ratios is None:
        return None
    return tuple(
        AveragedSpend(ratio, Booster(texts[spend_file(question.days)]))
        for ratio, question in zip(value_ratios, orders, strict=True)
    )


def _serialize_question(question: AveragedQuestion) -> Json:
    return {"days": question.days, "intercept": question.intercept, "weights": dict(question.weights)}


def _deserialize_question(
    payload: Mapping[str, Any],
    file_name: Callable[[int, str], str],
    texts: Mapping[str, str],
    members: Mapping[str, LoadMember],
) -> AveragedQuestion:
    prefix = file_name(payload["days"], "")
    own = {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}
    if unknown := sorted(set(payload["weights"]) - set(members)):
        raise ValueError(f"it averages {', '.join(unknown)}, of which training/members/ has no page")
    loaded = {name: members[name](own) for name in payload["weights"]}
    return AveragedQuestion(payload["days"], payload["intercept"], payload["weights"], loaded)
