"""Label selection: which texts a person should label next, and how many labels are still wanted.

Half of the texts are drawn at random, because only such labels tell how often the classifier errs. The other half are
those that it is least sure about (uncertainty sampling: Lewis and Gale 1994, "A sequential algorithm for training text
classifiers").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from features.arrays import Floats
from features.config.text_labels import TOPICS
from features.feedback.label_file import Drawn, Label

WANTED_RANDOM = 200  # their accuracy is then known within .06, in 95 of 100 cases, at .8
WANTED_OF_EACH = 30  # positive, negative, and of each topic


@dataclass(frozen=True)
class LabelsWanted:
    """How many labels of each kind are missing until the shop's own models may be tried."""

    random: int
    of_each: dict[str, int]

    @property
    def total(self) -> int:
        """The least number of further labels; a text may serve several kinds."""
        return max([self.random, *self.of_each.values()])

    @property
    def sentence(self) -> str:
        """What is missing, in words."""
        parts = [f"{self.random} of randomly drawn texts"] if self.random else []
        parts += [f"{count} more of {kind}" for kind, count in self.of_each.items() if count]
        return f"Labels still wanted: {', '.join(parts)}." if parts else "There are enough labels to train with."


def labels_wanted(labels: Iterable[Label]) -> LabelsWanted:
    """What the labels of one language lack."""
    given = list(labels)
    counts = {
        "positive": sum(label.is_positive is True for label in given),
        "negative": sum(label.is_positive is False for label in given),
        **{topic: sum(topic in label.topics for label in given) for topic in TOPICS},
    }
    random = sum(label.drawn == "random" for label in given)
    return LabelsWanted(
        max(0, WANTED_RANDOM - random), {kind: max(0, WANTED_OF_EACH - count) for kind, count in counts.items()}
    )


def select_texts(
    keys: Sequence[str], log_odds: Floats, labelled: Collection[str], count: int
) -> list[tuple[int, Drawn]]:
    """Up to ``count`` positions among n texts that are not labelled, with how each was drawn, in turns.

    Args:
        keys: of the n texts; the random draw is by them, so that nobody chooses and a repeated call draws the same.
        log_odds: (targets, n), of the sentiment and of each topic; a text is as unsure as its least sure target.
        labelled: keys of texts that have labels.
        count: of texts to select.
    """
    first_of_key = {key: position for position, key in reversed([*enumerate(keys)])}
    left = [position for key, position in first_of_key.items() if key not in labelled]
    at_random = sorted(left, key=lambda position: keys[position])
    least_sure = sorted(left, key=lambda position: float(np.abs(log_odds[:, position]).min()))
    selected = dict[int, Drawn]()
    for random, unsure in zip(at_random, least_sure, strict=True):
        selected.setdefault(random, "random")
        selected.setdefault(unsure, "least_sure")
    return list(selected.items())[:count]
