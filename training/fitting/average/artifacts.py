"""Average artefacts: the files of a fitted average, each with the model that it answers."""

from __future__ import annotations

from collections.abc import Callable

from training.fitting.average.fit import FittedAverage
from training.fitting.average.question import FittedQuestion
from training.inference.average.serialization import HAZARD_FILE, order_file, orders_file, spend_file
from training.model import Artifact


def average_files(average: FittedAverage) -> dict[str, Artifact]:
    """The files beside the manifest: model name -> file name -> text."""
    ltv: Artifact = {}
    for question in average.orders:
        ltv |= _member_files(question, orders_file)
    for question, spend in zip(average.orders, average.spend or (), strict=False):
        ltv[spend_file(question.averaged.days)] = spend.text
    return {
        "churn": _member_files(average.churn, order_file),
        "next_purchase": {HAZARD_FILE: average.curve.hazard_text},
        "ltv": ltv,
    }


def _member_files(question: FittedQuestion, file_name: Callable[[int, str], str]) -> Artifact:
    days = question.averaged.days
    return {file_name(days, name): text for files in question.artifacts.values() for name, text in files.items()}
