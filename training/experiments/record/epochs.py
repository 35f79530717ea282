"""Epochs: the probabilities of an experiment's arms, one line of ``epochs.jsonl`` for each time they changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import orjson

from training.experiments.record.experiment import Experiment

EVERYBODY = ""  # the segment of all customers without a segment of their own


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """An epoch: the probabilities that are in force from an instant until the next epoch begins."""

    number: int  # from 1
    began_at: int  # microseconds since 1970 UTC
    probabilities: Mapping[str, tuple[float, ...]]  # by segment, in the order of the arms; "" for everybody else
    reason: str = "start"  # start, nightly, arm_removed

    def for_segment(self, segment: str | None) -> tuple[float, ...]:
        """The probabilities of the arms in a segment; those of everybody else without one of its own."""
        return self.probabilities.get(segment or EVERYBODY, self.probabilities[EVERYBODY])


def first_epoch(experiment: Experiment, began_at: int) -> Epoch:
    """The first epoch: the shares of the record; ``began_at`` in microseconds since 1970 UTC."""
    return Epoch(number=1, began_at=began_at, probabilities={EVERYBODY: experiment.shares})


def parse_epochs(lines: bytes, arms: tuple[str, ...]) -> tuple[Epoch, ...]:
    """The epochs in lines of JSON, the first one first.

    Args:
        lines: one epoch each, as ``epochs.jsonl`` has them.
        arms: the names of the experiment's arms.

    Raises:
        ValueError: there is none, a line is no epoch of these arms, or their numbers do not count from 1.
    """
    epochs = tuple(_parse_epoch(line, arms) for line in lines.splitlines())
    if not epochs or [epoch.number for epoch in epochs] != list(range(1, len(epochs) + 1)):
        raise ValueError(f"Found {len(epochs)} epochs; expected one or more, with the numbers from 1 in order.")
    return epochs


def without_arms(epoch: Epoch, arms: tuple[str, ...], removed: Collection[str]) -> Epoch:
    """The epoch with probability 0 for the removed arms; the others keep their proportions.

    Args:
        epoch: the probabilities, in the order of ``arms``.
        arms: the names of all arms of the experiment.
        removed: the names of those that were taken out.

    Raises:
        ValueError: nothing is left of the probabilities of a segment.
    """
    if not removed:
        return epoch
    rescaled = {
        segment: _rescale([0.0 if arm in removed else p for arm, p in zip(arms, probabilities, strict=True)], segment)
        for segment, probabilities in epoch.probabilities.items()
    }
    return replace(epoch, probabilities=rescaled)


def check_probabilities(probabilities: Mapping[str, tuple[float, ...]], arms: tuple[str, ...]) -> None:
    """Check that every segment has one probability for each arm, 0 to 1 and 1 in all, and that "" is among them.

    Raises:
        ValueError: they are not such probabilities.
    """
    if EVERYBODY not in probabilities:
        raise ValueError('Found no probabilities for the segment ""; expected them for everybody without a segment.')
    for segment, values in probabilities.items():
        if len(values) != len(arms) or not all(0 <= p <= 1 for p in values) or abs(sum(values) - 1) > 1e-6:
            raise ValueError(
                f"Found the probabilities {', '.join(f'{p:g}' for p in values)} for the segment {segment!r}; expected "
                f"{len(arms)} numbers from 0 to 1, one for each of {', '.join(arms)}, and 1 in all."
            )


def _parse_epoch(line: bytes, arms: tuple[str, ...]) -> Epoch:
    try:
        fields = orjson.loads(line)
        probabilities = {segment: tuple(values) for segment, values in fields["probabilities"].items()}
        epoch = Epoch(**{**fields, "began_at": int(fields["began_at"]), "probabilities": probabilities})
        check_probabilities(probabilities, arms)
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"Found a line that is no epoch ({error!r}); expected one as it was written.") from None
    return epoch


def _rescale(values: list[float], segment: str) -> tuple[float, ...]:
    total = sum(values)
    if total <= 0:
        raise ValueError(
            f"Found no arm left with a probability in the segment {segment!r}; expected one. Stop the experiment "
            "instead."
        )
    return tuple(value / total for value in values)
