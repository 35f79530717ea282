"""Negative share: the share of negative texts on each topic, corrected for the errors of the classifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import sqrt

import numpy as np
import pyarrow as pa

from training.feedback.prevalence import ErrorRates, Share, corrected_share
from training.feedback.text_form import Language
from training.feedback.topic_weeks import masks_by_topic


def negative_shares(
    labels: pa.Table, rates: Mapping[Language, ErrorRates], smallest: int
) -> dict[str, dict[str, float] | None]:
    """The share with its 95 % interval by topic; None where too few customers wrote, or nothing can be said.

    Every text that was read counts by the likelier sentiment, an unsure one too: the correction is for all of them.

    Args:
        labels: one row per text, with the columns of ``features.ingestion.labelled_rows``.
        rates: the error rates of the sentiment by language.
        smallest: customers that are told of.
    """
    customers = np.array(labels["customer_id"].to_pylist(), object)
    languages = np.array(labels["language"].to_pylist(), object)
    positive = labels["positive"].to_numpy()
    is_negative = positive < 0.5
    shares = dict[str, dict[str, float] | None]()
    for topic, inside in masks_by_topic(labels):
        share = None
        if len(set(customers[inside])) >= max(smallest, 1):
            by_language = {
                language: (int((is_negative & rows).sum()), int(rows.sum()))
                for language in rates
                if (rows := inside & (languages == language)).any()
            }
            share = _combine({language: (*counts, rates[language]) for language, counts in by_language.items()})
        shares[topic] = None if share is None else {name: round(value, 4) for name, value in asdict(share).items()}
    return shares


def _combine(counts: Mapping[str, tuple[int, int, ErrorRates]]) -> Share | None:
    """The share over all languages: each corrected by its own error rates, and weighted by its texts."""
    shares = [(texts, corrected_share(called, texts, rates.swap_labels())) for called, texts, rates in counts.values()]
    known = [(texts, share) for texts, share in shares if share is not None]
    total = sum(texts for texts, _ in known)
    if not known or len(known) < len(shares):
        return None
    corrected = sum(texts * share.corrected for texts, share in known) / total
    low, high = (
        sqrt(sum((texts * (share.corrected - getattr(share, end))) ** 2 for texts, share in known)) / total
        for end in ("low", "high")
    )
    observed = sum(texts * share.observed for texts, share in known) / total
    return Share(observed, corrected, corrected - low, corrected + high)
