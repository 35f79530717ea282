"""Currency guess: from a column, a sign beside the amounts, a unit in a name, or the language of the names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from babel.numbers import list_currencies

from features.ingestion.values.currency_signs import possible_currencies
from pipelines.init.candidates import ExportTable, best_candidate
from pipelines.init.choice import Choice
from pipelines.init.column_names import normalize_name
from pipelines.init.layout import Layout
from pipelines.init.place_guess import country_currency, main_country
from pipelines.init.value_profile import ValueProfile

DEFAULT = "EUR"
_PREFERRED = ("USD", "CNY", "SEK", "GBP", "INR")  # of a sign with several meanings
_NAMED = {
    "dollar": "USD", "dollars": "USD", "euro": "EUR", "euros": "EUR", "pounds": "GBP", "usd": "USD", "eur": "EUR",
    "gbp": "GBP", "cny": "CNY", "rmb": "CNY", "jpy": "JPY", "chf": "CHF", "pln": "PLN", "brl": "BRL", "inr": "INR",
    "cad": "CAD", "aud": "AUD", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "czk": "CZK",
}  # fmt: skip
_CODE_IN_NAME = re.compile("[(\uff08\\[_ ]([A-Z]{3})[)\uff09\\]]?$")
_KNOWN_CODES = frozenset(list_currencies())


def currency_choices(
    table: ExportTable, layout: Layout | None, amounts: Sequence[str], given: str | None
) -> tuple[Choice, list[Choice]]:
    """The choice for the shop's currency, and those for the lines of several currencies in [orders]."""
    column = _currency_column(table, layout)
    codes = _codes(table.profiles[column]) if column else {}
    if len(codes) > 1:
        return _of_several(str(column), codes, given)
    keys = [Choice("currency_column", column)] if column and codes else []
    if given:
        return Choice("currency", given, "as given by --currency"), keys
    if codes:
        return Choice("currency", next(iter(codes)), f"the only value of '{column}'"), keys
    return _from_texts(table, layout, amounts), []


def _currency_column(table: ExportTable, layout: Layout | None) -> str | None:
    if layout is not None and (source := layout.source("currency_column", table.export.columns)):
        return source
    return best_candidate(table.candidates("currency_column", lambda profile: profile.is_currency_code))


def _codes(profile: ValueProfile) -> dict[str, int]:
    """The number of lines by currency, the most frequent first."""
    codes: dict[str, int] = {}
    for value, count in profile.counts.most_common():
        if re.fullmatch(r"[A-Za-z]{3}", value):
            codes[value.upper()] = codes.get(value.upper(), 0) + count
    return codes


def _of_several(column: str, codes: Mapping[str, int], given: str | None) -> tuple[Choice, list[Choice]]:
    """Only lines of one currency count, until a person gives the rates."""
    shares = ", ".join(f"{code} {count:,}" for code, count in codes.items())
    main = given if given and given in codes else next(iter(codes))
    others = [code for code in codes if code != main]
    rates = ", ".join(f"{code} = 1.0" for code in others)
    question = (
        f"lines in {', '.join(others)} are left out; to count them, remove `{column}` from include, and say what they "
        f"are worth: rates = {{ {rates} }}"
    )
    spellings = [str(main)]
    return Choice("currency", main, f"the most frequent of '{column}': {shares}"), [
        Choice("currency_column", column),
        Choice(
            "include", {column: spellings}, f"amounts in several currencies do not add up: {shares} lines", (question,)
        ),
    ]


def _from_texts(table: ExportTable, layout: Layout | None, amounts: Sequence[str]) -> Choice:
    signs = {sign: column for column in amounts for sign in sorted(table.profiles[column].currency_signs)}
    if signs:
        return _from_sign(next(iter(signs)), _local_currency(table))
    named = [(code, column) for column in amounts if (code := _code_in_name(column))]
    if named:
        return Choice("currency", named[0][0], f"from the name of '{named[0][1]}'")
    if layout and layout.currency:
        return Choice("currency", layout.currency, f"that of {layout.title}")
    country = main_country(table)
    code = country_currency(country[0]) if country else None
    if country and code:
        return Choice("currency", code, f"that of most lines of '{country[1]}'", (f"are the amounts in {code}?",))
    language = guess_language(table.export.columns)
    code = CURRENCY_BY_LANGUAGE[language] if language else DEFAULT
    basis = f"a guess from the {language} columns" if language else "a guess: nothing in the export names a currency"
    return Choice("currency", code, basis, (f"are the amounts in {code}?",))


def _local_currency(table: ExportTable) -> str | None:
    """The currency of the country of most lines, or None."""
    country = main_country(table)
    return country_currency(country[0]) if country else None


def _code_in_name(column: str) -> str | None:
    """The currency that the name of a column says: Amount (EUR), amount_usd, dollar_value."""
    if (match := _CODE_IN_NAME.search(column)) and match[1] in _KNOWN_CODES:
        return match[1]
    return next((_NAMED[word] for word in normalize_name(column).split() if word in _NAMED), None)


def _from_sign(sign: str, local: str | None) -> Choice:
    meanings = possible_currencies(sign)
    code = next((each for each in (local, *_PREFERRED) if each in meanings), min(meanings))
    question = (f"{sign} is the sign of {len(meanings)} currencies: is it {code}?",) if len(meanings) > 1 else ()
    return Choice("currency", code, f"the amounts have the sign {sign}", question)


CURRENCY_BY_LANGUAGE: Mapping[str, str] = {
    "Chinese": "CNY", "German": "EUR", "French": "EUR", "Spanish": "EUR", "Italian": "EUR", "Portuguese": "BRL",
    "Dutch": "EUR", "Polish": "PLN",
}  # fmt: skip
_LANGUAGE_MARKS: Mapping[str, str] = {
    "Chinese": r"[\u3400-\u9fff]",
    "German": r"\b(kunde|kunden\w*|bestell\w*|betrag|menge|rechnung\w*|artikel\w*|datum|umsatz|anzahl|gesamt\w*)\b",
    "French": r"\b(commande|montant|quantit[eé]|client|produit|magasin|prix|remise)\b",
    "Spanish": r"\b(pedido|fecha|cliente|cantidad|importe|precio|tienda)\b",
    "Italian": r"\b(ordine|importo|quantit[aà]|cliente|prezzo|negozio|totale)\b",
    "Portuguese": r"\b(pedido|compra|cliente|quantidade|valor|loja|pre[cç]o)\b",
    "Dutch": r"\b(klant\w*|bestel\w*|bedrag|aantal|prijs|winkel)\b",
    "Polish": r"\b(klient\w*|zam[oó]wieni\w*|kwota|ilo[sś][cć]|cena|sklep)\b",
}


def guess_language(columns: Sequence[str]) -> str | None:
    """The language of most column names, or None where fewer than two tell."""
    text = " | ".join(columns).replace("_", " ").casefold()
    hits = {language: len(re.findall(marks, text)) for language, marks in _LANGUAGE_MARKS.items()}
    best = max(hits, key=lambda language: hits[language])
    return best if hits[best] >= 2 else None
