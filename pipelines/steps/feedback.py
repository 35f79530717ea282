"""Feedback steps: the counts of topics, the texts to label next, and training on the shop's labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from features.calendar import micros
from features.config.shop import ShopConfig
from features.errors import NotFound
from features.feedback.label_file import Label, read_labels, text_key
from features.feedback.texts import read_texts
from features.storage.secret import load_secret
from pipelines.home import Home
from pipelines.learning.feedback_classifier import MODELS_FOLDER
from pipelines.steps.ingest import erased_selector
from serving.schemas.feedback import TopicsResponse
from training.feedback.classifier import SENTIMENT, FeedbackClassifier
from training.feedback.measured_rates import write_rates
from training.feedback.shop_training import TrainingResult, train_on_labels
from training.feedback.text_form import LANGUAGES, Language, canonical_text, language_of
from training.feedback.topic_weeks import TopicWeeks

LABELS_FILE = "labels.json"


def topics(home: Home) -> TopicsResponse:
    """The counts as ``GET /v1/feedback/topics`` answers them to an admin.

    Raises:
        NotFound: none were written.
    """
    home.require_folder()
    weeks = TopicWeeks.read(home.folder)
    if weeks is None:
        raise NotFound(
            f"Found no counts of feedback in {home.folder}. Expected those of a run: name the table of texts in "
            "[feedback] of flywheel.toml, then `flywheel run`."
        )
    return TopicsResponse.from_weeks(weeks)


@dataclass(frozen=True)
class LoggedTexts:
    """The texts of the log, n rows, with the key, the canonical form and the language of each."""

    rows: pa.Table
    keys: list[str]
    canonical: list[str]
    languages: list[Language | None]

    @classmethod
    def read(cls, config: ShopConfig, home: Home, now: datetime, report: Callable[[str], None]) -> LoggedTexts:
        """Read the texts of customers who are not erased and may be profiled at ``now``."""
        ledger, secret = home.ledger(), load_secret(home.folder)
        scope = ledger.profiling_scope(micros(now))
        rows = read_texts(config, home.history, report, erased_selector(config, ledger), scope)
        canonical = [canonical_text(text) for text in rows["text"].to_pylist()]
        return cls(rows, [text_key(secret, text) for text in canonical], canonical, list(map(language_of, canonical)))

    def by_key(self, language: Language) -> dict[str, str]:
        """The canonical texts of a language by their key."""
        rows = zip(self.keys, self.canonical, self.languages, strict=True)
        return {key: text for key, text, spoken in rows if spoken == language}


def stored_labels(home: Home) -> dict[str, Label]:
    """The labels that the shop gave, by the key of their text."""
    return read_labels(home.feedback / LABELS_FILE)


def train(config: ShopConfig, home: Home, now: datetime, report: Callable[[str], None]) -> list[TrainingResult]:
    """Train on the shop's labels; models that held-out labels call better are used from the next ingestion on.

    Raises:
        NotFound: there are no labels.
    """
    labels = stored_labels(home)
    if not labels:
        raise NotFound(f"Found no labels in {home.feedback}. Expected some: `flywheel feedback label` asks for them.")
    logged, classifier = (
        LoggedTexts.read(config, home, now, report),
        FeedbackClassifier.open(home.feedback / MODELS_FOLDER),
    )
    results = train_on_labels(classifier, {language: logged.by_key(language) for language in LANGUAGES}, labels)
    (home.feedback / MODELS_FOLDER).mkdir(parents=True, exist_ok=True)
    for result in results:
        if result.model is not None:
            result.model.write(home.feedback / MODELS_FOLDER / f"{result.language}_{result.target}.npz")
    rates = {
        result.language: result.rates_in_use
        for result in results
        if result.target == SENTIMENT and result.rates_in_use is not None
    }
    write_rates(home.feedback, FeedbackClassifier.open(home.feedback / MODELS_FOLDER).digest, rates)
    return results
