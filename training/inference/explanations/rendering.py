# ruff: noqa: RUF001 -- Chinese uses its own punctuation
"""Rendering: sentences about a customer in English and Chinese, from phrases and numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable

from features.views import View
from training.inference.explanations.phrases import CONCEPTS, Concept, event_kind_concept

LocalizedText = dict[str, str]  # language -> sentence

_EVENT_KIND = re.compile(r"events of kind (.*) in 91 days", re.DOTALL)


def concepts_by_input(views: Iterable[View]) -> dict[str, Concept]:
    """Return the concept of every input that has phrases, including the shop's own kinds of events."""
    concepts = {name: concept for concept in CONCEPTS for name in concept.phrases}
    for column in (column for view in views for column in view.columns):
        if kind := _EVENT_KIND.fullmatch(column.meaning):
            concepts[column.name] = event_kind_concept(column.name, kind[1])
    return concepts


def render_sentence(concept: Concept, name: str, number: float, currency: str) -> LocalizedText:
    """Render the phrase of the input ``name``; a NaN number gives "Nothing known yet".

    Raises:
        KeyError: the concept has no such input.
    """
    if math.isnan(number):
        return {"en": f"Nothing known yet: {concept.name.en}", "zh": f"暂无数据：{concept.name.zh}"}
    phrase_values, phrase = _PhraseValues(number, currency), concept.phrases[name]
    english = phrase.en.format_map(phrase_values)
    return {"en": english[0].upper() + english[1:], "zh": phrase.zh.format_map(phrase_values)}


class _PhraseValues(dict[str, str]):
    """Phrase values: a number in every form that a phrase may contain; any other key is an English noun to count."""

    def __init__(self, number: float, currency: str) -> None:
        interval = _format_number(1 / max(number, 1e-9))
        super().__init__(
            {
                "number": _format_number(number),
                "money": f"{round(number, 2) + 0.0:,.2f} {currency}",
                "share": f"{100 * number:.0f}%",
                "days": _count_noun(_format_number(number), "days"),
                "interval": interval,
                "days apart": _count_noun(interval, "days"),
            }
        )
        self._number = number

    def __missing__(self, nouns: str) -> str:
        return _count_noun(self["number"], nouns) if self._number else f"no {nouns}"


def _format_number(number: float) -> str:
    digits = 1 if abs(number) < 10 else 0
    return f"{round(number, digits) + 0.0:,.{digits}f}".removesuffix(".0")


def _count_noun(number: str, nouns: str) -> str:
    if number != "1":
        return f"{number} {nouns}"
    return f"1 {nouns[:-3]}y" if nouns.endswith("ies") else f"1 {nouns[:-1]}"
