"""Training on the shop's labels: a model replaces what came before only if held-out labels say that it is better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from features.arrays import Booleans
from features.feedback.label_file import Label
from training.feedback.classifier import SENTIMENT, TARGETS, FeedbackClassifier
from training.feedback.label_selection import WANTED_OF_EACH
from training.feedback.ngram_fitting import FitOptions, LabelledTexts, error_rates, fit_ngram_model
from training.feedback.ngram_model import NgramModel, NgramSpec
from training.feedback.prevalence import ErrorRates
from training.feedback.text_form import LANGUAGES, Language

SPECS: Mapping[Language, NgramSpec] = {"zh": NgramSpec("char", 1, 3), "en": NgramSpec("char_wb", 2, 5)}
OPTIONS = FitOptions(inverse_penalty=1.0, min_count=2, max_ngrams=20_000)
MIN_RANDOM = 100  # held-out texts; fewer tell too little
LEVEL = 0.05


@dataclass(frozen=True)
class TrainingResult:
    """One target of one language: what the labels say of the model before, and of the trained one."""

    language: Language
    target: str
    labels: int
    before: ErrorRates | None  # on the randomly drawn texts
    after: ErrorRates | None
    p_value: float | None  # of as many more right answers by chance (McNemar's exact test, one-sided)
    model: NgramModel | None  # None where it is not adopted

    @property
    def rates_in_use(self) -> ErrorRates | None:
        """The error rates of the model that answers from now on; None with too few labels."""
        return self.before if self.model is None else self.after

    @property
    def reason(self) -> str:
        """Why the model is adopted, or not."""
        if self.before is None or self.after is None:
            return f"too few labels: expected {MIN_RANDOM} randomly drawn, and {WANTED_OF_EACH} of each answer"
        change = f"{self.before.accuracy:.2f} before, {self.after.accuracy:.2f} trained, p = {self.p_value:.3f}"
        return f"{'adopted' if self.model else 'not better, so not adopted'}: {change}"


def train_on_labels(
    classifier: FeedbackClassifier, texts: Mapping[Language, Mapping[str, str]], labels: Mapping[str, Label]
) -> list[TrainingResult]:
    """Train each target of each language on labelled texts, which are given by key and in canonical form."""
    results = []
    for language in LANGUAGES:
        known = [key for key in texts[language] if key in labels]
        for target in TARGETS:
            keys = [key for key in known if target != SENTIMENT or labels[key].is_positive is not None]
            results.append(_train(classifier, language, target, [texts[language][key] for key in keys],
                                  [labels[key] for key in keys]))  # fmt: skip
    return results


def _train(
    classifier: FeedbackClassifier, language: Language, target: str, texts: Sequence[str], labels: Sequence[Label]
) -> TrainingResult:
    answers = np.array([label.is_positive if target == SENTIMENT else target in label.topics for label in labels], bool)
    random = np.array([label.drawn == "random" for label in labels], bool)
    if random.sum() < MIN_RANDOM or min(answers.sum(), (~answers).sum()) < WANTED_OF_EACH:
        return TrainingResult(language, target, len(labels), None, None, None, None)
    seed = classifier.seed(texts, language, target)
    data = LabelledTexts(texts=texts, labels=answers, groups=texts, judged=random, seed=seed)
    fitted = fit_ngram_model(data, SPECS[language], OPTIONS, {"labels": len(labels)})
    current = classifier.log_odds(texts, language, target) if (language, target) in classifier.trained else seed
    before, after = ((odds > 0)[random] for odds in (current, fitted.held_out))
    p_value = _exact_mcnemar(before == answers[random], after == answers[random])
    return TrainingResult(
        language, target, len(labels), error_rates(before, answers[random]), error_rates(after, answers[random]),
        p_value, fitted.model if p_value < LEVEL else None,
    )  # fmt: skip


def _exact_mcnemar(before_right: Booleans, after_right: Booleans) -> float:
    """The probability of at least as many gains among the changed answers, if gains and losses were as likely."""
    gains, losses = int((after_right & ~before_right).sum()), int((before_right & ~after_right).sum())
    changed = gains + losses
    return float(sum(comb(changed, k) for k in range(gains, changed + 1)) / 2**changed)
