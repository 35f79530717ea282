"""Topic weeks step: the nightly counts of topics by week and sentiment, without ids, for service and page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir
import pyarrow as pa

from features.config.text_labels import TOPICS
from features.ingestion.labelled_rows import LABEL_COLUMNS
from pipelines.environment import audience_policy
from pipelines.learning.feedback_classifier import open_classifier
from pipelines.run_context import RunContext
from training.feedback.measured_rates import read_rates
from training.feedback.negative_share import negative_shares
from training.feedback.prevalence import ErrorRates
from training.feedback.text_form import LANGUAGES, Language
from training.feedback.topic_weeks import FILE, WEEKS, TopicWeeks, count_cells, monday

if TYPE_CHECKING:
    from training.feedback.classifier import FeedbackClassifier


def run(context: RunContext) -> None:
    """Write the counts of topics; without [feedback], delete those of earlier."""
    history, home = context.history, context.home
    classifier = open_classifier(context.config, home)
    if classifier is None or history.feedback is None:
        (home.folder / FILE).unlink(missing_ok=True)
        return
    context.report("counting topics of feedback")
    labels, smallest = _recent_labels(history.feedback, context.as_of), audience_policy().smallest_audience
    rates = read_rates(home.feedback, classifier.digest)
    TopicWeeks(
        as_of=context.as_of.isoformat(),
        classifier=classifier.digest,
        smallest=smallest,
        evidence=[_evidence(classifier, language, rates.get(language)) for language in LANGUAGES],
        cells=count_cells(labels, monday(context.as_of), smallest),
        negative_shares=negative_shares(labels, rates, smallest),
    ).write(home.folder)


def _recent_labels(texts: ir.Table, as_of: date) -> pa.Table:
    first = (monday(as_of) - date(1970, 1, 1)).days - 7 * (WEEKS - 1)
    recent = texts.filter(texts.day_number >= first).select("customer_id", "day_number", *LABEL_COLUMNS)
    labels: pa.Table = recent.to_pyarrow()
    return labels


def _evidence(classifier: FeedbackClassifier, language: Language, measured: ErrorRates | None) -> dict[str, Any]:
    rates = measured or classifier.sentiment[language].error_rates
    return {
        "language": language,
        "sentiment": "public_reviews" if measured is None else "shop_labels",
        "accuracy": round(rates.accuracy, 4),
        "labels": rates.positives + rates.negatives,
        "topics_from_words": [topic for topic in TOPICS if (language, topic) not in classifier.trained],
    }
