"""Texts of the page: one TOML file per language and section, with the same keys in every language."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from babel import Locale

from serving.web.formatting import number
from serving.web.language import Language

FOLDER = Path(__file__).with_name("texts")
SHARED_SECTIONS = ("frame", "words")  # whose texts every section may use
_PLURAL_FORMS = {"one", "other"}
Text = str | Mapping[str, str]  # a sentence, or its plural forms (Unicode CLDR, "Language Plural Rules")


class UnknownText(KeyError):
    """A template asks for a text that the language does not have."""


@cache
def catalogue(language: Language) -> Mapping[str, Text]:
    """The texts of a language by section and key, such as ``today.title`` and ``words.band.high``."""
    return {
        f"{path.stem}.{key}": text
        for path in sorted((FOLDER / language).glob("*.toml"))
        for key, text in _flat(tomllib.loads(path.read_text(encoding="utf-8")))
    }


def text(language: Language, section: str, key: str, **values: object) -> str:
    """The text of a section with its values; ``n`` chooses the plural form.

    Raises:
        UnknownText: neither the section nor the shared sections have the key.
    """
    entry = find_text(language, section, key)
    if entry is None:
        raise UnknownText(
            f"Found no text {key!r} of the section {section!r} in texts/{language}; expected it in {section}.toml, "
            f"{' or '.join(f'{name}.toml' for name in SHARED_SECTIONS)}. Add it in every language."
        )
    sentence = entry if isinstance(entry, str) else entry[_plural_form(language, entry, values.get("n", 0))]
    return sentence.format(**{name: _value(language, value) for name, value in values.items()})


def find_text(language: Language, section: str, key: str) -> Text | None:
    """The text of a section, or of a shared one, or of the section that the key itself begins with."""
    texts = catalogue(language)
    for name in (f"{section}.{key}", *(f"{shared}.{key}" for shared in SHARED_SECTIONS), key):
        if name in texts:
            return texts[name]
    return None


def _flat(table: Mapping[str, object], prefix: str = "") -> Iterator[tuple[str, Text]]:
    for key, value in table.items():
        if isinstance(value, str) or (isinstance(value, dict) and "other" in value and set(value) <= _PLURAL_FORMS):
            yield f"{prefix}{key}", value
        elif isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            raise TypeError(f"Found {value!r} as the text {prefix}{key}; expected a string. Put it in quotes.")


def _plural_form(language: Language, forms: Mapping[str, str], count: object) -> str:
    form = str(Locale.parse(language.locale).plural_form(count if isinstance(count, int | float) else 0))
    return form if form in forms else "other"


def _value(language: Language, value: object) -> object:
    return number(value, language) if isinstance(value, int | float) else value
