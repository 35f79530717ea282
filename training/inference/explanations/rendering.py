# ruff: noqa: RUF001 -- Chinese has a punctuation of its own
"""From a number to a sentence about a customer, in English and in Chinese."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from features.views import View
from training.inference.explanations.phrases import CONCEPTS, Concept, Phrase, of_kind

Texts = dict[str, str]  # language -> sentence

UNITS = {"orders": Phrase("orders", "次"), "recency_days": Phrase("days", "天")}
_OF_KIND = re.compile(r"events of kind (.*) in 91 days", re.DOTALL)


def vocabulary(views: Iterable[View]) -> dict[str, Concept]:
    """The concept of every input there are words for, those of the shop's own kinds of events included."""
    said = {name: concept for concept in CONCEPTS for name in concept.says}
    for column in (column for view in views for column in view.columns):
        if kind := _OF_KIND.fullmatch(column.meaning):
            said[column.name] = of_kind(column.name, kind[1])
    return said


def sentence(concept: Concept, name: str, number: float, currency: str) -> Texts:
    """What the input ``name`` says of a customer; that nothing is known where the number is none."""
    if math.isnan(number):
        return {"en": f"Nothing known yet: {concept.name.en}", "zh": f"暂无数据：{concept.name.zh}"}
    figures, phrase = _Figures(number, currency), concept.says[name]
    english = phrase.en.format_map(figures)
    return {"en": english[0].upper() + english[1:], "zh": phrase.zh.format_map(figures)}


def among(texts: Texts, number: float, borders: Sequence[float], unit: Phrase) -> Texts:
    """The sentence and the group that the number was judged with; the sentence alone where all are in one."""
    if not borders:
        return texts
    low = max((border for border in borders if border <= number), default=None)
    high = min((border for border in borders if border > number), default=None)
    if low is None:
        english, chinese = f"under {_short(borders[0])} {unit.en}", f"不足 {_short(borders[0])} {unit.zh}"
    elif high is None:
        english, chinese = f"{_short(low)} {unit.en} or more", f"{_short(low)} {unit.zh}及以上"
    else:
        english = f"{_short(low)} to under {_short(high)} {unit.en}"
        chinese = f"满 {_short(low)}、不足 {_short(high)} {unit.zh}"
    return {"en": f"{texts['en']} (in the group of {english})", "zh": f"{texts['zh']}（同组：{chinese}）"}


class _Figures(dict[str, str]):
    """A number in every form that a phrase may ask for; what is no form is an English noun to be counted."""

    def __init__(self, number: float, currency: str) -> None:
        interval = _short(1 / max(number, 1e-9))
        super().__init__(
            {
                "number": _short(number),
                "money": f"{round(number, 2) + 0.0:,.2f} {currency}",
                "share": f"{100 * number:.0f}%",
                "days": _counted(_short(number), "days"),
                "interval": interval,
                "days apart": _counted(interval, "days"),
            }
        )
        self._number = number

    def __missing__(self, nouns: str) -> str:
        return _counted(self["number"], nouns) if self._number else f"no {nouns}"


def _short(number: float) -> str:
    digits = 1 if abs(number) < 10 else 0
    return f"{round(number, digits) + 0.0:,.{digits}f}".removesuffix(".0")


def _counted(number: str, nouns: str) -> str:
    if number != "1":
        return f"{number} {nouns}"
    return f"1 {nouns[:-3]}y" if nouns.endswith("ies") else f"1 {nouns[:-1]}"
