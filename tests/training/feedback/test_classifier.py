"""Classifier of texts: sentiment with a probability, topics, and what it leaves open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from training.feedback.build_weights import CORPORA, Corpus
from training.feedback.classifier import SURE, WEIGHTS, FeedbackClassifier
from training.feedback.ngram_model import NgramModel


@pytest.fixture(scope="module")
def classifier() -> FeedbackClassifier:
    return FeedbackClassifier.open()


@pytest.mark.parametrize(
    ("text", "sentiment", "topics"),
    [
        ("客服态度恶劣,退款一直不处理", "negative", {"service"}),
        ("质量很好,性价比高", "positive", {"product"}),
        ("太失望了,质量很差", "negative", {"product", "emotion"}),
        ("terrible service, nobody answered my email", "negative", {"service"}),
        ("love it, great quality and fits perfectly", "positive", {"product", "emotion"}),
    ],
)
def test_a_plain_text_gets_its_sentiment_and_topics(
    classifier: FeedbackClassifier, text: str, sentiment: str, topics: set[str]
) -> None:
    [labels] = classifier.label(pa.array([text])).to_pylist()
    assert labels["sentiment"] == sentiment
    assert {topic for topic in ("product", "service", "emotion") if labels[topic]} == topics


def test_a_text_in_another_language_or_none_at_all_is_unread(classifier: FeedbackClassifier) -> None:
    nothing = {"language": None, "sentiment": "unread", "positive": None}
    unread = {**nothing, "product": None, "service": None, "emotion": None}
    assert classifier.label(pa.array(["sehr gut und schnell", "", None], pa.string())).to_pylist() == [unread] * 3


def test_a_text_that_says_neither_is_unsure(classifier: FeedbackClassifier) -> None:
    [labels] = classifier.label(pa.array(["the parcel"])).to_pylist()
    assert labels["sentiment"] == "unsure"
    assert 1 - SURE < labels["positive"] < SURE


def test_labels_do_not_depend_on_the_texts_beside_them(classifier: FeedbackClassifier) -> None:
    texts = ["很好", "terrible", "schlecht und teuer", "不满意"]
    together = classifier.label(pa.array(texts)).to_pylist()
    assert together == [classifier.label(pa.array([text])).to_pylist()[0] for text in texts]


@pytest.mark.parametrize("corpus", CORPORA, ids=lambda corpus: corpus.language)
def test_the_weights_name_their_source_and_what_was_measured(corpus: Corpus) -> None:
    language, sha256 = corpus.language, corpus.sha256
    model = NgramModel.read(WEIGHTS / f"{language}.npz")
    assert model.notes["sha256"] == sha256
    judged = model.notes["held_out"][model.notes["judged_domain"]]
    assert judged["accuracy"] == pytest.approx(model.error_rates.accuracy, abs=1e-4)
    assert judged["accuracy"] >= {"zh": 0.90, "en": 0.79}[language]
    assert (WEIGHTS / f"{language}.npz").stat().st_size < 400_000


def test_a_model_is_the_same_after_it_was_written_and_read(classifier: FeedbackClassifier, tmp_path: Path) -> None:
    model = classifier.sentiment["en"]
    model.write(tmp_path / "model.npz")
    assert NgramModel.read(tmp_path / "model.npz").digest == model.digest


def test_the_digest_is_that_of_the_numbers_however_the_file_is_compressed(
    classifier: FeedbackClassifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = classifier.sentiment["zh"]
    digest = model.digest
    monkeypatch.setattr(np, "savez_compressed", np.savez)
    assert model.digest == digest
    assert replace(model, weights=-model.weights).digest != digest
