"""Negative share: the share of negative texts on each topic, corrected for the errors of the classifier if known."""

from __future__ import annotations

from collections.abc import Mapping
from math import sqrt

import numpy as np
import pyarrow as pa

from training.feedback.prevalence import ErrorRates, Share, corrected_share
from training.feedback.text_form import Language
from training.feedback.topic_weeks import masks_by_topic

ShareFields = dict[str, float | None]


def negative_shares(
    labels: pa.Table, rates: Mapping[Language, ErrorRates], smallest: int
) -> dict[str, ShareFields | None]:
    """The share as counted by topic, and corrected with its 95 % interval; None where too few customers wrote.

    Every text that was read counts by the likelier sentiment, an unsure one too: the correction is for all of them. It
    is null where the errors of a language are not known, or are too many.

    Args:
        labels: one row per text, with the columns of ``features.ingestion.labelled_rows``.
        rates: the error rates of the sentiment by language, measured on texts of the shop.
        smallest: customers that are told of.
    """
    customers = np.array(labels["customer_id"].to_pylist(), object)
    languages = np.array(labels["language"].to_pylist(), object)
    is_negative = labels["positive"].to_numpy() < 0.5
    shares = dict[str, ShareFields | None]()
    for topic, inside in masks_by_topic(labels):
        if len(set(customers[inside])) < max(smallest, 1):
            shares[topic] = None
            continue
        counts = {
            language: (int((is_negative & rows).sum()), int(rows.sum()))
            for language in sorted(set(languages[inside]))
            if (rows := inside & (languages == language)).any()
        }
        observed = sum(called for called, _ in counts.values()) / sum(texts for _, texts in counts.values())
        shares[topic] = {"observed": round(observed, 4), **_corrected_fields(counts, rates)}
    return shares


def _corrected_fields(
    counts: Mapping[Language, tuple[int, int]], rates: Mapping[Language, ErrorRates]
) -> dict[str, float | None]:
    """The corrected share over all languages: each by its own error rates, and weighted by its texts."""
    shares = [
        (texts, corrected_share(called, texts, rates[language].swap_labels()) if language in rates else None)
        for language, (called, texts) in counts.items()
    ]
    known = [(texts, share) for texts, share in shares if share is not None]
    if len(known) < len(shares):
        return dict.fromkeys(("corrected", "low", "high"))
    total = sum(texts for texts, _ in known)
    corrected = sum(texts * share.corrected for texts, share in known) / total
    below, above = (_half_width(known, end) / total for end in ("low", "high"))
    fields = {"corrected": corrected, "low": corrected - below, "high": corrected + above}
    return {name: round(value, 4) for name, value in fields.items()}


def _half_width(shares: list[tuple[int, Share]], end: str) -> float:
    return sqrt(sum((texts * (share.corrected - getattr(share, end))) ** 2 for texts, share in shares))
