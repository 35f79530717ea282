"""Column names: how well the name of a column matches the terms for a role, in several languages."""

from __future__ import annotations

import re
import unicodedata

from pipelines.init.lexicon import Role, terms_of

_CAMEL_CASE = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_UNIT = re.compile("[(\uff08\\[].*?[)\uff09\\]]")  # Amount (EUR), also in the brackets of Chinese
_CJK = re.compile(r"[\u3400-\u9fff]")
_PART_WEIGHT = 0.85  # of a term that is a part of the name


def normalize_name(name: str) -> str:
    """The words of a name in lower case, without accents, units in brackets and punctuation: ``order id``."""
    without_unit = _UNIT.sub(" ", name) if _UNIT.sub("", name).strip() else name
    decomposed = unicodedata.normalize("NFKD", _CAMEL_CASE.sub(" ", without_unit).replace("ł", "l").replace("ß", "ss"))
    plain = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(re.findall(r"\w+", plain.casefold().replace("_", " ")))


def name_score(name: str, role: Role) -> float:
    """How well a name matches a role, from 0 (not at all) to 1; a name of another thing gets 0."""
    normalized, terms = normalize_name(name), terms_of(role)
    if normalized in terms.names:
        return terms.names[normalized]
    if (weight := terms.squeezed.get(normalized)) is not None:
        return weight
    if is_other_thing(name, role):
        return 0.0
    return max(
        weight * _PART_WEIGHT * (0.6 + 0.4 * coverage) if (coverage := _coverage(normalized, term)) else 0.0
        for term, weight in terms.names.items()
    )


def is_other_thing(name: str, role: Role) -> bool:
    """Whether a word of the name says that it is not this role, but another thing: the tax of a tax amount."""
    normalized = normalize_name(name)
    return any(_coverage(normalized, word) for word in terms_of(role).other)


def _coverage(normalized: str, term: str) -> float:
    """The share of the name that the term covers, or 0 where it is no part of it; Chinese has no blanks."""
    is_part = term in normalized if _CJK.search(term) else f" {term} " in f" {normalized} "
    return len(term) / len(normalized) if is_part else 0.0
