"""Explanation settings: what a model page declares so that attributions become reasons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from features.arrays import Floats
from training.inference.explanations.attributions import Attributions


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The facts that turn attributions into reasons for one model's answers."""

    directions: tuple[str, str]  # the words for an input that moves the answer down, and up
    attribute: Callable[[Attributions], Floats]  # (n, names), positive where the input raises the answer
    rises_with_churn: bool  # whether a prospect who is likelier to churn than usual has a higher answer
