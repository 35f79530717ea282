"""Currency signs: signs and codes of currencies before or after an amount, and the currencies that each may mean."""

from __future__ import annotations

import re
from collections.abc import Iterable

from babel.numbers import list_currencies

_SIGN_BLOCK = "".join(map(chr, range(0x20A0, 0x20C1)))
_CODES_BY_SIGN = {
    "€": {"EUR"}, "£": {"GBP", "EGP", "LBP", "SDG", "SYP"}, "¥": {"CNY", "JPY"}, "元": {"CNY", "TWD", "HKD"},
    "円": {"JPY"}, "원": {"KRW"}, "rmb": {"CNY"}, "r$": {"BRL"}, "us$": {"USD"}, "nt$": {"TWD"}, "hk$": {"HKD"},
    "₹": {"INR"}, "rs": {"INR", "PKR", "LKR", "NPR", "MUR"}, "₽": {"RUB"}, "руб": {"RUB"}, "₩": {"KRW"}, "₺": {"TRY"},
    "tl": {"TRY"}, "₫": {"VND"}, "đ": {"VND"}, "฿": {"THB"}, "₪": {"ILS"}, "₱": {"PHP"}, "₴": {"UAH"}, "₦": {"NGN"},
    "rp": {"IDR"}, "rm": {"MYR"}, "kr": {"SEK", "NOK", "DKK", "ISK"}, "zł": {"PLN"}, "kč": {"CZK"}, "ft": {"HUF"},
    "lei": {"RON", "MDL"}, "лв": {"BGN"}, "fr": {"CHF"}, "sfr": {"CHF"}, "s/": {"PEN"}, "ca$": {"CAD"}, "c$": {"CAD"},
    "a$": {"AUD"}, "au$": {"AUD"}, "nz$": {"NZD"}, "s$": {"SGD"}, "mx$": {"MXN"},
}  # fmt: skip
_DOLLARS = {code for code in list_currencies() if code.endswith("D")} | {"MXN", "CLP", "COP", "ARS", "UYU", "BRL"}
_WORDS = sorted((re.escape(sign) for sign in {*map(str.lower, list_currencies()), *_CODES_BY_SIGN}), key=len)

_WORD_PATTERN, _SIGN_PATTERN = rf"(?:{'|'.join(reversed(_WORDS))})", rf"[$£¤¥฿{_SIGN_BLOCK}]"
CURRENCY_PATTERN = rf"{_WORD_PATTERN}\.?|{_SIGN_PATTERN}"
"""A regular expression for one sign or code, for Python and DuckDB, to be read without case."""
UNDOTTED_CURRENCY_PATTERN = f"{_WORD_PATTERN}|{_SIGN_PATTERN}"
"""The same without the full stop of an abbreviation such as ``Rs.``, which looks like a decimal mark."""


def possible_currencies(sign: str) -> frozenset[str]:
    """The codes of the currencies that a sign or code may mean."""
    name = sign.lower().rstrip(".")
    if name == "$":
        return frozenset(_DOLLARS)
    return frozenset(_CODES_BY_SIGN.get(name, {name.upper()}))


def are_several_currencies(signs: Iterable[str]) -> bool:
    """Whether no single currency explains all of the signs."""
    meanings = [possible_currencies(sign) for sign in signs]
    return bool(meanings) and not frozenset.intersection(*meanings)
