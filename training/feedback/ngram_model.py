"""N-gram model: a calibrated linear classifier on hashed character n-grams, stored as plain arrays.

The n-grams of a text are hashed (Weinberger et al. 2009, "Feature Hashing for Large Scale Multitask Learning"), so that
a model holds no piece of any text it learned from.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from sklearn.feature_extraction.text import HashingVectorizer

from features.arrays import Floats
from features.storage.atomic_files import atomic_write
from training.feedback.prevalence import ErrorRates

BUCKETS = 2**22  # so many that hardly two n-grams of a corpus share one


@dataclass(frozen=True)
class NgramSpec:
    """Which n-grams count: within words (``char_wb``) or across them, of which lengths."""

    analyzer: Literal["char", "char_wb"]
    shortest: int
    longest: int

    def counts(self, texts: Sequence[str]) -> sp.csr_matrix:
        """Whether each of n texts in canonical form has an n-gram of each bucket, (n, BUCKETS) of 0 and 1."""
        vectorizer = HashingVectorizer(
            analyzer=self.analyzer, ngram_range=(self.shortest, self.longest), n_features=BUCKETS,
            alternate_sign=False, binary=True, norm=None, lowercase=False, dtype=np.float32,
        )  # fmt: skip
        return sp.csr_matrix(vectorizer.transform(texts))


@dataclass(frozen=True)
class NgramModel:
    """Log odds of a label: ``seed_weight`` times those of a seed, plus a weight for each n-gram of the text."""

    spec: NgramSpec
    buckets: np.ndarray[Any, np.dtype[np.int32]]  # (k,) ascending
    weights: np.ndarray[Any, np.dtype[np.float16]]  # (k,)
    intercept: float
    slope: float  # of Platt's calibration
    offset: float
    error_rates: ErrorRates
    seed_weight: float = 0.0
    notes: Mapping[str, Any] = field(default_factory=dict)  # where the texts came from, and what was measured

    def log_odds(self, texts: Sequence[str], seed: Floats | None = None) -> Floats:
        """The calibrated log odds of n texts in canonical form, (n,); ``seed`` are the log odds of the seed, (n,)."""
        scores = unit_rows(self.spec.counts(texts)[:, self.buckets]) @ self.weights.astype(np.float64)
        scores = scores + self.intercept + (0.0 if seed is None else self.seed_weight * seed)
        return np.asarray(self.slope * scores + self.offset, np.float64)

    @property
    def digest(self) -> str:
        """SHA-256 in hex over everything that decides; compressed bytes would differ from machine to machine."""
        arrays = self.buckets.astype("<i4").tobytes() + self.weights.astype("<f2").tobytes()
        return hashlib.sha256(self._scalars() + arrays).hexdigest()

    def to_bytes(self) -> bytes:
        """The model as an npz archive of plain arrays."""
        text = np.frombuffer(self._scalars(), np.uint8)
        gaps = np.diff(self.buckets, prepend=0).astype(np.int32)  # they compress well
        archive = io.BytesIO()
        np.savez_compressed(archive, gaps=gaps, weights=self.weights, scalars=text)
        return archive.getvalue()

    def _scalars(self) -> bytes:
        """Everything but the arrays, as JSON."""
        scalars = {
            "spec": asdict(self.spec), "intercept": self.intercept, "slope": self.slope, "offset": self.offset,
            "seed_weight": self.seed_weight, "error_rates": asdict(self.error_rates), "notes": dict(self.notes),
        }  # fmt: skip
        return json.dumps(scalars, ensure_ascii=False, sort_keys=True).encode()

    def write(self, path: Path) -> None:
        """Write the model to a file."""
        with atomic_write(path) as temporary:
            temporary.write_bytes(self.to_bytes())

    @classmethod
    def read(cls, path: Path) -> NgramModel:
        """Read the model from a file, which cannot run code."""
        with np.load(io.BytesIO(path.read_bytes())) as archive:
            scalars = json.loads(archive["scalars"].tobytes())
            spec, rates = NgramSpec(**scalars.pop("spec")), ErrorRates(**scalars.pop("error_rates"))
            buckets = np.cumsum(archive["gaps"]).astype(np.int32)
            return cls(spec=spec, buckets=buckets, weights=archive["weights"], error_rates=rates, **scalars)


def unit_rows(counts: sp.csr_matrix) -> sp.csr_matrix:
    """The rows divided by their Euclidean length; a row without entries stays empty."""
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return sp.csr_matrix(sp.diags(1.0 / np.maximum(lengths, 1e-12)) @ counts)
