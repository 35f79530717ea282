"""Column names: how well the name of a column matches the terms for a role, in several languages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pipelines.init.lexicon import FOREIGN, TERMS, Role

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNIT = re.compile(r"[(（\[].*?[)）\]]")  # Amount (EUR), 金额（元）
_CJK = re.compile(r"[\u3400-\u9fff]")
_WHOLE_NAME_BONUS, _PART_WEIGHT = 1.0, 0.85


def normalize_name(name: str) -> str:
    """The words of a name in lower case, without accents, units in brackets and punctuation: ``order id``."""
    without_unit = _UNIT.sub(" ", name) if _UNIT.sub("", name).strip() else name
    decomposed = unicodedata.normalize("NFKD", _CAMEL_CASE.sub(" ", without_unit).replace("ł", "l").replace("ß", "ss"))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", plain.casefold().replace("_", " ")))


def name_score(name: str, role: Role) -> float:
    """How well a name matches a role, from 0 (not at all) to 1; a name of another thing gets 0."""
    normalized = normalize_name(name)
    best = max((_term_score(normalized, term, weight) for weight, term in TERMS[role]), default=0.0)
    if best < _WHOLE_NAME_BONUS * 0.5 or normalized in {term for _, term in TERMS[role]}:
        return best
    return 0.0 if _has_any(normalized, FOREIGN.get(role, ())) else best


def _has_any(normalized: str, terms: Iterable[str]) -> bool:
    return any(_position(normalized, term) for term in terms)


def _term_score(normalized: str, term: str, weight: float) -> float:
    if normalized == term:
        return weight * _WHOLE_NAME_BONUS
    coverage = _position(normalized, term)
    return weight * _PART_WEIGHT * (0.6 + 0.4 * coverage) if coverage else 0.0


def _position(normalized: str, term: str) -> float:
    """The share of the name that the term covers, or 0 where it is no part of it; Chinese has no blanks."""
    if _CJK.search(term):
        return len(term) / len(normalized) if term in normalized else 0.0
    return len(term) / len(normalized) if f" {term} " in f" {normalized} " else 0.0
