"""N-gram fitting: the mean of two logistic regressions on scaled n-grams, pruned and calibrated.

One scales the n-grams by their log count ratios (Wang and Manning 2012, "Baselines and bigrams: simple, good sentiment
and topic classification"), the other by their inverse document frequencies. Both scalings fold into the weights, so
that a model stores one number for each n-gram.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.linear_model import LogisticRegression

from features.arrays import Booleans, Floats, Integers
from training.feedback.ngram_model import NgramModel, NgramSpec, unit_rows
from training.feedback.prevalence import ErrorRates

FOLDS = 5


@dataclass(frozen=True)
class LabelledTexts:
    """n texts in canonical form with a yes or no for each; texts of one group are in one fold."""

    texts: Sequence[str]
    labels: Booleans  # (n,)
    groups: Sequence[str]
    judged: Booleans  # (n,) whether the text counts for the error rates
    seed: Floats  # (n,) log odds of what was known before, 0 where nothing was

    @property
    def folds(self) -> Integers:
        """The fold of each text, (n,), by the hash of its group: the same on every machine."""
        return np.array([int.from_bytes(hashlib.sha256(group.encode()).digest()[:8]) % FOLDS for group in self.groups])


@dataclass(frozen=True)
class FitOptions:
    """How much the weights are shrunk, and which n-grams are left out."""

    inverse_penalty: float = 8.0  # for log count ratios; an eighth of it for inverse document frequencies
    min_count: int = 3  # texts with the n-gram
    max_ngrams: int = 60_000


@dataclass(frozen=True)
class _Linear:
    buckets: Integers
    weights: Floats
    intercept: float
    seed_weight: float

    def score(self, counts: sp.csr_matrix, seed: Floats) -> Floats:
        return np.asarray(unit_rows(counts[:, self.buckets]) @ self.weights + self.intercept + self.seed_weight * seed)


@dataclass(frozen=True)
class FittedModel:
    """A model, and the calibrated log odds (n,) of each text by the models that had not seen its fold."""

    model: NgramModel
    held_out: Floats = field(repr=False)


def fit_ngram_model(
    data: LabelledTexts, spec: NgramSpec, options: FitOptions, notes: Mapping[str, Any] | None = None
) -> FittedModel:
    """Fit a model on all texts; calibration and error rates come from models that had not seen the text's fold."""
    counts = spec.counts(data.texts)
    scores = held_out_scores(data, counts, data.folds, options)
    platt = LogisticRegression(C=1e6).fit(scores[data.judged, None], data.labels[data.judged])
    slope, offset = float(platt.coef_[0, 0]), float(platt.intercept_[0])
    held_out = slope * scores + offset
    final = _fit_linear(counts, data.labels, data.seed, options)
    model = NgramModel(
        spec=spec,
        buckets=final.buckets.astype(np.int32),
        weights=final.weights.astype(np.float16),
        intercept=final.intercept,
        slope=slope,
        offset=offset,
        error_rates=error_rates(held_out[data.judged] > 0, data.labels[data.judged]),
        seed_weight=final.seed_weight,
        notes=notes or {},
    )
    return FittedModel(model, held_out)


def held_out_scores(data: LabelledTexts, counts: sp.csr_matrix, folds: Integers, options: FitOptions) -> Floats:
    """The score of each text, (n,), by a model that had not seen any text of the same fold."""
    scores = np.zeros(len(data.texts))
    for fold in np.unique(folds):
        inside = folds == fold
        linear = _fit_linear(counts[~inside], data.labels[~inside], data.seed[~inside], options)
        scores[inside] = linear.score(counts[inside], data.seed[inside])
    return scores


def error_rates(called: Booleans, labels: Booleans) -> ErrorRates:
    """The error rates of n answers against their labels."""
    return ErrorRates(
        positives=int(labels.sum()),
        found_positives=int((called & labels).sum()),
        negatives=int((~labels).sum()),
        found_negatives=int((~called & ~labels).sum()),
    )


def _fit_linear(counts: sp.csr_matrix, labels: Booleans, seed: Floats, options: FitOptions) -> _Linear:
    buckets = np.flatnonzero(np.asarray(counts.sum(axis=0)).ravel() >= options.min_count)
    first = _mean_regression(counts, buckets, labels, seed, options)
    strongest = np.sort(np.argsort(-np.abs(first.weights), kind="stable")[: options.max_ngrams])
    return _mean_regression(counts, buckets[strongest], labels, seed, options)


def _mean_regression(
    counts: sp.csr_matrix, buckets: Integers, labels: Booleans, seed: Floats, options: FitOptions
) -> _Linear:
    """The mean of both regressions, each divided by the spread of its scores."""
    counts = counts[:, buckets]
    frequency = np.asarray(counts.sum(axis=0)).ravel()
    scalings = (
        (_log_count_ratios(counts, labels), options.inverse_penalty),
        (np.log(len(labels) / np.maximum(frequency, 1.0)), options.inverse_penalty / 8),
    )
    rows, total = unit_rows(counts), np.zeros(len(buckets) + 2)
    for scaling, inverse_penalty in scalings:
        inputs = sp.hstack([rows @ sp.diags(scaling), sp.csr_matrix(seed[:, None])]).tocsr()
        fitted = LogisticRegression(C=inverse_penalty, max_iter=1000).fit(inputs, labels)
        terms = np.concatenate([fitted.coef_[0, :-1] * scaling, fitted.coef_[0, -1:], fitted.intercept_])
        total += terms / max(float(np.std(inputs @ fitted.coef_[0])), 1e-12)
    return _Linear(buckets, total[:-2], float(total[-1]), float(total[-2]))


def _log_count_ratios(counts: sp.csr_matrix, labels: Booleans) -> Floats:
    with_label, without = (np.asarray(counts[rows].sum(axis=0)).ravel() + 1.0 for rows in (labels, ~labels))
    return np.asarray(np.log(with_label / with_label.sum()) - np.log(without / without.sum()))
