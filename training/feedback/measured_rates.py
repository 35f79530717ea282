"""Measured rates: how often the sentiment errs on randomly drawn texts of the shop, for the classifier in use.

Public reviews do not tell it: a model that had not seen a kind of review read far fewer of them rightly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import cast

from features.storage.atomic_files import replace_text
from training.feedback.prevalence import ErrorRates
from training.feedback.text_form import Language

FILE = "error_rates.json"


def write_rates(folder: Path, classifier: str, rates: Mapping[Language, ErrorRates]) -> None:
    """Replace the rates of a classifier, which is named by its digest."""
    stored = {"classifier": classifier, "rates": {language: asdict(each) for language, each in rates.items()}}
    replace_text(folder / FILE, json.dumps(stored, indent=1))


def read_rates(folder: Path, classifier: str) -> dict[Language, ErrorRates]:
    """The rates by language; none before the shop trained, nor of another classifier."""
    try:
        stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
        rates = {cast("Language", language): ErrorRates(**each) for language, each in stored["rates"].items()}
        return rates if stored["classifier"] == classifier else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
