"""Topic words: the topics of a text by lists of words, until the shop has labelled texts of its own.

No public texts are labelled with these topics. A list finds what it names, so its answers are marked as such, and no
share is corrected by error rates that nobody measured.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from features.arrays import Floats
from features.config.text_labels import TOPICS
from training.feedback.text_form import Language

FOLDER = Path(__file__).parent / "lexicons"
LOG_ODDS = 1.0  # of a text with a word of the topic; the negative of it without one


def topic_log_odds(texts: Sequence[str], language: Language) -> dict[str, Floats]:
    """For each topic the log odds of n texts in canonical form, (n,): ``LOG_ODDS`` or its negative."""
    return {
        topic: np.array([LOG_ODDS if _pattern(language, topic).search(text) else -LOG_ODDS for text in texts])
        for topic in TOPICS
    }


@cache
def _pattern(language: Language, topic: str) -> re.Pattern[str]:
    words = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))[topic]
    listed = "|".join(map(re.escape, words))
    return re.compile(listed if language == "zh" else rf"\b(?:{listed})")
