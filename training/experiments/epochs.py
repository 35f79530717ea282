"""Epochs: the probabilities of an experiment's arms, one line of ``epochs.jsonl`` for each time they changed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """An epoch: the probabilities that are in force from an instant until the next epoch begins."""

    number: int  # from 1
    began_at: int  # microseconds since 1970 UTC
    probabilities: dict[str, tuple[float, ...]]  # by segment, in the order of the arms; "" for everybody else
    reason: str = "start"  # start, nightly, arm_removed
