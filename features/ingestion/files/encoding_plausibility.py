"""Encoding plausibility: how much a decoded text looks like writing, from 0 to 1, for each encoding that shops use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

Plausibility = Callable[[str], float]

_WORD = re.compile(r"(?:[A-Za-z]|[^\x00-\x7f])+")
_UPPER_AFTER_LOWER = re.compile(r"[a-zß-öø-ÿ][A-ZÀ-ÖØ-ÞŸŠŽŒ]|[а-я][А-Я]")  # noqa: RUF001 -- Cyrillic is meant
_CYRILLIC = re.compile(r"[А-яЁёІіЇїЄєҐґ№]+")  # noqa: RUF001 -- Cyrillic is meant
_BETWEEN_LATIN_LETTERS = re.compile(r"(?<=[A-Za-z])[^\x00-\x7f](?=[A-Za-z])")
_LATIN_SYMBOLS = "€£¥©®™°§²³½¼¾±·•–—…«»“”„‘’‚ªº¿¡\u00a0"  # noqa: RUF001 -- the symbols themselves
_HANGUL_OR_SYMBOL = re.compile("[\u3000-\u303f\uff01-\uff5e가-힣·—…“”‘’¥￥]")  # noqa: RUF001 -- the symbols themselves


def _latin(text: str) -> float:
    return _weighted_mean((_latin_word(word), _beyond_ascii(word)) for word in _WORD.findall(text))


def _cyrillic(text: str) -> float:
    return _weighted_mean((_cyrillic_word(word), _beyond_ascii(word)) for word in _WORD.findall(text))


def _latin_word(word: str) -> float:
    core = word.strip(_LATIN_SYMBOLS)
    if not core:
        return 1.0 if len(word) <= 2 else 0.3
    is_word = all(character.isalpha() or character == "’" for character in core)  # noqa: RUF001 -- an apostrophe
    if not is_word or _UPPER_AFTER_LOWER.search(core):
        return 0.0
    ascii_letters = len(core) - _beyond_ascii(core)
    if core.isascii():
        return 0.7
    if ascii_letters == 0:
        return 0.7 if len(core) == 1 else 0.1
    return 1.0 if 2 * ascii_letters >= len(core) else 0.4


def _cyrillic_word(word: str) -> float:
    return float(_CYRILLIC.fullmatch(word) is not None and _UPPER_AFTER_LOWER.search(word) is None)


def _east_asian(codec: str, common_lead_bytes: range) -> Plausibility:
    def plausibility(text: str) -> float:
        misplaced = len(_BETWEEN_LATIN_LETTERS.findall(text))
        scores = [_east_asian_character(each, codec, common_lead_bytes) for each in text if each > "\x7f"]
        return max(0.0, sum(scores) - misplaced) / len(scores) if scores else 0.0

    return plausibility


def _east_asian_character(character: str, codec: str, common_lead_bytes: range) -> float:
    if "\uff66" <= character <= "\uff9f":  # half-width kana, which are any byte from 0xa6 to 0xdf
        return 0.8
    if "\u3041" <= character <= "\u30fe":
        return 1.0 if codec in {"cp932", "euc_jp"} else 0.3
    if _HANGUL_OR_SYMBOL.fullmatch(character):
        return 1.0
    if not "\u4e00" <= character <= "\u9fff":
        return 0.1
    lead_byte, *trail_bytes = character.encode(codec)
    # The first half of GBK's second bytes has the characters that the older GB2312 lacks: rare ones.
    is_standard = codec != "gb18030" or trail_bytes[0] >= 0xA1
    if lead_byte in common_lead_bytes and is_standard:
        return 1.0
    return 0.4 if lead_byte >= 0xA1 and is_standard else 0.3


def _beyond_ascii(word: str) -> int:
    return sum(character > "\x7f" for character in word)


def _weighted_mean(scores: Iterable[tuple[float, int]]) -> float:
    pairs = list(scores)
    weight = sum(weight for _, weight in pairs)
    return sum(score * weight for score, weight in pairs) / weight if weight else 0.0


# In the order of how common they are in exports: the first of equally plausible ones is taken.
PLAUSIBILITIES: Mapping[str, Plausibility] = {
    "cp1252": _latin,
    "gb18030": _east_asian("gb18030", range(0xB0, 0xD8)),
    "cp932": _east_asian("cp932", range(0x88, 0x99)),
    "cp1250": _latin,
    "big5": _east_asian("big5", range(0xA4, 0xC7)),
    "euc_kr": _east_asian("euc_kr", range(0)),
    "euc_jp": _east_asian("euc_jp", range(0xB0, 0xD0)),
    "cp1251": _cyrillic,
    "cp850": _latin,
    "mac_roman": _latin,
}
