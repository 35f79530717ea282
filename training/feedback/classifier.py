"""Classifier of texts: language, sentiment with a calibrated probability, and topics, for Chinese and English."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from features.arrays import Floats
from features.config.text_labels import TOPICS
from features.ingestion.labelled_rows import LABEL_FIELDS
from training.feedback.ngram_model import NgramModel
from training.feedback.text_form import LANGUAGES, Language, canonical_text, language_of
from training.feedback.topic_words import FOLDER, topic_log_odds

WEIGHTS = Path(__file__).parent / "weights"
SURE = 0.75  # a sentiment less probable than this is ``unsure``
SENTIMENT = "sentiment"
TARGETS = (SENTIMENT, *TOPICS)


@dataclass(frozen=True)
class FeedbackClassifier:
    """The sentiment models that come with the project, and in front of them those that the shop trained."""

    sentiment: Mapping[Language, NgramModel]
    trained: Mapping[tuple[Language, str], NgramModel] = field(default_factory=dict)  # by language and target

    @classmethod
    def open(cls, folder: Path | None = None) -> FeedbackClassifier:
        """Open the models that come with the project, and those of a folder with files ``<language>_<target>.npz``."""
        public = {language: NgramModel.read(WEIGHTS / f"{language}.npz") for language in LANGUAGES}
        paths = {
            (language, target): folder / f"{language}_{target}.npz"
            for language in LANGUAGES
            for target in TARGETS
            if folder is not None
        }
        return cls(public, {key: NgramModel.read(path) for key, path in paths.items() if path.is_file()})

    @cached_property
    def digest(self) -> str:
        """SHA-256 in hex over models, word lists and the limit of ``unsure``."""
        parts = [model.digest for model in self.sentiment.values()]
        parts += [f"{key} {model.digest}" for key, model in sorted(self.trained.items())]
        parts += [(FOLDER / f"{language}.toml").read_text(encoding="utf-8") for language in LANGUAGES]
        return hashlib.sha256("\n".join([*parts, str(SURE)]).encode()).hexdigest()

    def seed(self, texts: Sequence[str], language: Language, target: str) -> Floats:
        """The log odds (n,) of n texts in canonical form before the shop trained: public weights, or topic words."""
        if target == SENTIMENT:
            return self.sentiment[language].log_odds(texts)
        return topic_log_odds(texts, language)[target]

    def log_odds(self, texts: Sequence[str], language: Language, target: str) -> Floats:
        """The log odds (n,) of n texts in canonical form, of one language, for the sentiment or a topic."""
        seed, model = self.seed(texts, language, target), self.trained.get((language, target))
        return seed if model is None else model.log_odds(texts, seed)

    def label(self, texts: pa.Array) -> pa.StructArray:
        """The labels of n texts, as ``features.ingestion.labelled_rows`` describes them."""
        canonical = [canonical_text(text) for text in texts.fill_null("").to_pylist()]
        languages = [language_of(text) for text in canonical]
        log_odds = np.full((len(TARGETS), len(canonical)), np.nan)
        for language in LANGUAGES:
            rows = [row for row, spoken in enumerate(languages) if spoken == language]
            if rows:
                read = [canonical[row] for row in rows]
                log_odds[:, rows] = [self.log_odds(read, language, target) for target in TARGETS]
        is_read = ~np.isnan(log_odds[0])
        positive = 1.0 / (1.0 + np.exp(-log_odds[0]))
        topics = [pa.array(values > 0, mask=~is_read) for values in log_odds[1:]]
        columns = [
            pa.array(languages, pa.string()),
            pa.array(_sentiments(positive), pa.string()),
            pa.array(positive.astype(np.float32), mask=~is_read),
        ]
        return pa.StructArray.from_arrays([*columns, *topics], fields=list(LABEL_FIELDS))


def _sentiments(positive: Floats) -> list[str]:
    """The sentiment of each of n texts by its probability of being positive, (n,); NaN is ``unread``."""
    conditions = [np.isnan(positive), positive >= SURE, positive <= 1 - SURE]
    return [str(word) for word in np.select(conditions, ["unread", "positive", "negative"], "unsure")]
