"""Place guess: the country of most lines, from a column of country names or codes, with its currency and time zone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

from babel import Locale
from babel.core import get_global
from babel.numbers import get_territory_currencies

from pipelines.init.candidates import ExportTable
from pipelines.init.column_names import normalize_name

MIN_SHARE = 0.5  # of the lines that are of one country
_COLUMN_WORDS = ("country", "land", "pays", "pais", "paese", "kraj", "国家")
_LOCALES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "zh")
# Countries with several zones: the one in which most people live.
_MAIN_ZONES: Mapping[str, str] = {
    "US": "America/New_York", "CA": "America/Toronto", "AU": "Australia/Sydney", "BR": "America/Sao_Paulo",
    "MX": "America/Mexico_City", "RU": "Europe/Moscow", "CN": "Asia/Shanghai", "ES": "Europe/Madrid",
    "PT": "Europe/Lisbon", "DE": "Europe/Berlin", "FR": "Europe/Paris", "NZ": "Pacific/Auckland", "UA": "Europe/Kyiv",
    "AR": "America/Argentina/Buenos_Aires", "CL": "America/Santiago", "ID": "Asia/Jakarta", "MY": "Asia/Kuala_Lumpur",
    "GB": "Europe/London", "NL": "Europe/Amsterdam", "IT": "Europe/Rome", "PL": "Europe/Warsaw",
}  # fmt: skip


def main_country(table: ExportTable) -> tuple[str, str] | None:
    """The code of the country of most lines and the column that says so, or None."""
    for column, profile in table.profiles.items():
        if not set(_COLUMN_WORDS) & set(normalize_name(column).split()):
            continue
        codes: Counter[str] = Counter()
        for value, count in profile.counts.items():
            codes[_codes_by_name().get(value.casefold(), "")] += count
        code, count = codes.most_common(1)[0] if codes else ("", 0)
        if code and count >= MIN_SHARE * sum(codes.values()):
            return code, column
    return None


def country_currency(code: str) -> str | None:
    """The currency that a country uses now."""
    return next(iter(get_territory_currencies(code)), None)


def country_zone(code: str) -> str | None:
    """The time zone of a country, for a country with several zones that of most people."""
    zones = [zone for zone, territory in get_global("zone_territories").items() if territory == code and "/" in zone]
    return _MAIN_ZONES.get(code) or (zones[0] if len(zones) == 1 else None)


@cache
def _codes_by_name() -> Mapping[str, str]:
    names: dict[str, str] = {"uk": "GB", "usa": "US", "u.s.a.": "US", "england": "GB", "中国": "CN"}
    for locale in map(Locale.parse, _LOCALES):
        for code, territory in locale.territories.items():
            if len(code) == 2 and code.isalpha():
                names.setdefault(str(territory).casefold(), str(code))
                names.setdefault(str(code).casefold(), str(code))
    return names
