"""Feedback labels step: the texts that a person should label next, as a CSV file, and the file that comes back."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from features.config.text_labels import TOPICS
from features.errors import FlywheelError
from features.feedback.label_file import Drawn, Label, read_labels, write_labels
from pipelines.home import Home
from pipelines.steps.feedback import LABELS_FILE, LoggedTexts
from serving.audiences.formats import csv as csv_bytes
from training.feedback.classifier import TARGETS, FeedbackClassifier
from training.feedback.label_selection import LabelsWanted, labels_wanted, select_texts
from training.feedback.text_form import LANGUAGES, Language

SENTIMENT_WORDS: Mapping[str, bool | None] = {"positive": True, "negative": False, "neutral": None}
_ANSWERS = ("sentiment", "topics")


class InvalidLabels(FlywheelError):
    """A file of labels cannot be read."""


@dataclass(frozen=True)
class TextToLabel:
    """A text, how it was drawn, and what the classifier says of it."""

    key: str
    drawn: Drawn
    language: Language
    text: str
    suggested_sentiment: str  # with its probability
    suggested_topics: str
    id: str = ""
    happened_at: str = ""


def texts_to_label(
    logged: LoggedTexts, classifier: FeedbackClassifier, labels: Mapping[str, Label], count: int
) -> list[TextToLabel]:
    """Up to ``count`` texts without a label, as many of each language as the log has of it."""
    texts = list[TextToLabel]()
    for language in LANGUAGES:
        rows = [row for row, spoken in enumerate(logged.languages) if spoken == language]
        if not rows:
            continue
        canonical, keys = [logged.canonical[row] for row in rows], [logged.keys[row] for row in rows]
        log_odds = np.array([classifier.log_odds(canonical, language, target) for target in TARGETS])
        share = round(count * len(rows) / max(1, sum(spoken is not None for spoken in logged.languages)))
        for position, drawn in select_texts(keys, log_odds, labels, share):
            row, odds = logged.rows.slice(rows[position], 1).to_pylist()[0], log_odds[:, position]
            texts.append(_text_to_label(row, keys[position], drawn, language, odds))
    return texts


def _text_to_label(
    row: Mapping[str, Any], key: str, drawn: Drawn, language: Language, log_odds: np.ndarray[Any, Any]
) -> TextToLabel:
    probability = 1 / (1 + np.exp(-abs(log_odds[0])))
    return TextToLabel(
        key=key,
        drawn=drawn,
        language=language,
        text=row["text"],
        suggested_sentiment=f"{'positive' if log_odds[0] > 0 else 'negative'} {probability:.0%}",
        suggested_topics=" ".join(topic for topic, odds in zip(TOPICS, log_odds[1:], strict=True) if odds > 0),
        id=row.get("id") or "",
        happened_at=str(row["happened_at"]),
    )


def write_file(texts: Sequence[TextToLabel], path: Path) -> None:
    """Write texts as CSV with two empty columns for the answers; a cell that looks like a formula is escaped."""
    rows = [{**vars(text), **dict.fromkeys(_ANSWERS, "")} for text in texts]
    names = ("key", "drawn", "language", "id", "happened_at", "text", "suggested_sentiment", "suggested_topics")
    schema = pa.schema([(name, pa.string()) for name in (*names, *_ANSWERS)])
    content = b"".join(csv_bytes([pa.Table.from_pylist(rows, schema)]))
    path.write_bytes(b"\xef\xbb\xbf" + content)  # the mark by which spreadsheets know UTF-8


def read_file(path: Path, labelled_at: int) -> dict[str, Label]:
    """The answers of a file that ``write_file`` wrote, by the key of the text; lines without a sentiment are left out.

    Raises:
        InvalidLabels: the file is not such a file, or an answer is not one of those that count.
    """
    labels: dict[str, Label] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, line in enumerate(csv.DictReader(file), start=2):
                if sentiment := (line["sentiment"] or "").strip().lower():
                    labels[line["key"]] = _label(sentiment, line, number, labelled_at)
    except (KeyError, UnicodeDecodeError, csv.Error) as error:
        raise InvalidLabels(
            f"Found no file of labels in {path} ({error}); expected the columns key, drawn, sentiment and topics. Fill "
            "in the file that `flywheel feedback label --out FILE` wrote, and keep its columns."
        ) from None
    return labels


def _label(sentiment: str, line: Mapping[str, str], number: int, labelled_at: int) -> Label:
    topics = (line["topics"] or "").replace(",", " ").lower().split()
    if sentiment not in SENTIMENT_WORDS or not {*topics} <= {*TOPICS}:
        raise InvalidLabels(
            f"Found sentiment {sentiment!r} and topics {' '.join(topics)!r} in line {number}; expected one of "
            f"{', '.join(SENTIMENT_WORDS)}, and any of {', '.join(TOPICS)} with blanks between them. Correct the line."
        )
    drawn: Drawn = "random" if line["drawn"] == "random" else "least_sure"
    return Label(SENTIMENT_WORDS[sentiment], frozenset(topics), drawn, labelled_at)


def add_labels(home: Home, labels: Mapping[str, Label]) -> None:
    """Add labels to those of the home, a newer one in place of an older."""
    path = home.feedback / LABELS_FILE
    write_labels(path, {**read_labels(path), **labels})


def labels_wanted_by_language(logged: LoggedTexts, labels: Mapping[str, Label]) -> dict[Language, LabelsWanted]:
    """What the labels lack, for each language that the log has."""
    return {
        language: labels_wanted(labels[key] for key in keys if key in labels)
        for language in LANGUAGES
        if (keys := logged.by_key(language))
    }
