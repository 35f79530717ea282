"""Lexicon: what shop systems call the columns of an order log, by role and by how sure a name is; see lexicon.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

Role = Literal[
    "customer_id", "ordered_at", "order_time", "amount", "unit_price", "order_id", "product_id", "category", "quantity",
    "discount", "coupon", "channel", "store_id", "currency_column", "status", "updated_at", "refund",
    "consent_purpose", "consent_granted", "changed_at", "event_kind", "happened_at", "contact_channel",
    "alias_from", "alias_to",
]  # fmt: skip
_WEIGHTS = {"sure": 1.0, "likely": 0.8, "weak": 0.5}


@dataclass(frozen=True)
class Terms:
    """The names of a role with their weights, and the words that make a name mean another thing."""

    names: Mapping[str, float]
    squeezed: Mapping[str, float]  # the same names without blanks: ORDERNUMBER
    other: tuple[str, ...]


@cache
def terms_of(role: Role) -> Terms:
    """The terms of a role."""
    lists = {
        key: tuple(term.strip() for term in text.replace("\n", " ").split(",")) for key, text in _file()[role].items()
    }
    names = {name: weight for key, weight in reversed(_WEIGHTS.items()) for name in lists.get(key, ())}
    squeezed = {name.replace(" ", ""): weight for name, weight in names.items()}
    return Terms(names, squeezed, lists.get("other", ()))


@cache
def _file() -> Mapping[Role, Mapping[str, str]]:
    text = resources.files("pipelines.init").joinpath("lexicon.toml").read_text(encoding="utf-8")
    lexicon: Mapping[Role, Mapping[str, str]] = tomllib.loads(text)  # type: ignore[assignment]  # a law tests the keys
    return lexicon
