"""Training on the shop's labels: which texts are asked for, and which models are adopted."""

from __future__ import annotations

import numpy as np
import pytest

from features.feedback.label_file import Label
from training.feedback.classifier import FeedbackClassifier
from training.feedback.label_selection import labels_wanted, select_texts
from training.feedback.shop_training import TrainingResult, train_on_labels


@pytest.fixture(scope="module")
def classifier() -> FeedbackClassifier:
    return FeedbackClassifier.open()


def label(*, positive: bool | None, topics: frozenset[str] = frozenset(), at_random: bool = True) -> Label:
    return Label(positive, topics, "random" if at_random else "least_sure", 0)


def results_by_target(
    classifier: FeedbackClassifier, texts: dict[str, str], labels: dict[str, Label]
) -> dict[str, TrainingResult]:
    results = train_on_labels(classifier, {"zh": {}, "en": texts}, labels)
    return {result.target: result for result in results if result.language == "en"}


def test_half_of_the_texts_are_drawn_at_random_and_the_least_sure_come_first_among_the_others() -> None:
    keys, log_odds = [f"k{number:02d}" for number in range(40)], np.arange(40, 0, -1.0)[None, :]
    selected = select_texts(keys, log_odds, {"k00", "k39"}, 6)
    assert selected == [(1, "random"), (38, "least_sure"), (2, "random"), (37, "least_sure"), (3, "random"),
                        (36, "least_sure")]  # fmt: skip


def test_a_text_that_was_sent_twice_is_asked_for_once() -> None:
    assert [position for position, _ in select_texts(["a", "a", "b"], np.ones((1, 3)), (), 9)] == [0, 2]


def test_what_the_labels_lack_is_counted_by_kind() -> None:
    wanted = labels_wanted([label(positive=True, topics=frozenset({"service"}))] * 40)
    assert wanted.sentence == (
        "Labels still wanted: 160 of randomly drawn texts, 30 more of negative, 30 more of product, 30 more of emotion."
    )
    assert wanted.total == 160


def test_a_model_that_learns_the_words_of_the_shop_is_adopted(classifier: FeedbackClassifier) -> None:
    words = [f"the {word} {number}" for number in range(75) for word in ("zorb", "quib")]
    texts = {str(number): f"{text} {'x' * (number % 7)}" for number, text in enumerate(words)}
    labels = {key: label(positive="zorb" in text) for key, text in texts.items()}
    result = results_by_target(classifier, texts, labels)["sentiment"]
    assert result.reason.startswith("adopted: ")
    assert result.model is not None
    adopted = FeedbackClassifier(classifier.sentiment, {("en", "sentiment"): result.model})
    assert (adopted.log_odds(["the zorb", "the quib"], "en", "sentiment") > 0).tolist() == [True, False]
    assert adopted.digest != classifier.digest


def test_a_model_that_learned_noise_is_not_adopted(classifier: FeedbackClassifier) -> None:
    rng = np.random.default_rng(0)
    texts = {str(number): f"text {rng.integers(1_000_000)}" for number in range(160)}
    labels = {key: label(positive=bool(rng.integers(2))) for key in texts}
    result = results_by_target(classifier, texts, labels)["sentiment"]
    assert result.model is None
    assert result.reason.startswith("not better, so not adopted: ")


def test_too_few_random_labels_train_nothing(classifier: FeedbackClassifier) -> None:
    texts = {str(number): f"text {number}" for number in range(160)}
    labels = {key: label(positive=int(key) % 2 == 0, at_random=int(key) < 90) for key in texts}
    result = results_by_target(classifier, texts, labels)["sentiment"]
    assert result.reason == "too few labels: expected 100 randomly drawn, and 30 of each answer"


def test_a_neutral_label_teaches_topics_and_no_sentiment(classifier: FeedbackClassifier) -> None:
    texts = {str(number): f"the thing {number}" for number in range(120)}
    labels = {key: label(positive=None, topics=frozenset({"product"} if int(key) % 2 else ())) for key in texts}
    results = results_by_target(classifier, texts, labels)
    assert (results["sentiment"].labels, results["product"].labels) == (0, 120)
