"""Zone guess: the shop's time zone from offsets in its times, from the layout, a time zone column or the currency."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice
from pipelines.init.layout import Layout
from pipelines.init.place_guess import country_zone, main_country

ZONE_BY_CURRENCY: Mapping[str, str] = {
    "EUR": "Europe/Berlin",
    "USD": "America/New_York",
    "GBP": "Europe/London",
    "CNY": "Asia/Shanghai",
    "JPY": "Asia/Tokyo",
    "PLN": "Europe/Warsaw",
    "BRL": "America/Sao_Paulo",
    "CHF": "Europe/Zurich",
    "SEK": "Europe/Stockholm",
    "NOK": "Europe/Oslo",
    "DKK": "Europe/Copenhagen",
    "CZK": "Europe/Prague",
    "HUF": "Europe/Budapest",
    "RON": "Europe/Bucharest",
    "CAD": "America/Toronto",
    "AUD": "Australia/Sydney",
    "NZD": "Pacific/Auckland",
    "INR": "Asia/Kolkata",
    "KRW": "Asia/Seoul",
    "SGD": "Asia/Singapore",
    "HKD": "Asia/Hong_Kong",
    "TWD": "Asia/Taipei",
    "MXN": "America/Mexico_City",
    "ZAR": "Africa/Johannesburg",
    "TRY": "Europe/Istanbul",
    "RUB": "Europe/Moscow",
    "THB": "Asia/Bangkok",
    "VND": "Asia/Ho_Chi_Minh",
    "ILS": "Asia/Jerusalem",
    "AED": "Asia/Dubai",
    "CLP": "America/Santiago",
    "COP": "America/Bogota",
    "ARS": "America/Argentina/Buenos_Aires",
    "PHP": "Asia/Manila",
    "IDR": "Asia/Jakarta",
    "MYR": "Asia/Kuala_Lumpur",
    "UAH": "Europe/Kyiv",
    "BGN": "Europe/Sofia",
}
_FURTHER_ZONES = (
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Halifax",
    "Europe/Athens",
    "Europe/Lisbon",
    "Australia/Brisbane",
    "Australia/Perth",
    "Australia/Adelaide",
    "America/Lima",
    "Asia/Karachi",
    "Asia/Dhaka",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Africa/Cairo",
    "Asia/Riyadh",
    "America/Anchorage",
    "Pacific/Honolulu",
)
# The names that Square writes, which are those of Rails.
ZONE_BY_NAME: Mapping[str, str] = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "arizona": "America/Phoenix",
    "hawaii": "Pacific/Honolulu",
    "alaska": "America/Anchorage",
    "atlantic time (canada)": "America/Halifax",
    "london": "Europe/London",
    "dublin": "Europe/Dublin",
    "sydney": "Australia/Sydney",
    "melbourne": "Australia/Melbourne",
    "brisbane": "Australia/Brisbane",
    "perth": "Australia/Perth",
    "tokyo": "Asia/Tokyo",
    "paris": "Europe/Paris",
    "madrid": "Europe/Madrid",
    "utc": "UTC",
}
_OFFSET = re.compile(r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d).*?([+-])(\d\d):?(\d\d)$")


def zone_choice(
    table: ExportTable, layout: Layout | None, times: Sequence[str], currency: str, given: str | None
) -> tuple[Choice, bool]:
    """The choice for the time zone, and whether it is sure."""
    if given:
        unsure = (
            (f"the times of {layout.title} are in {layout.timezone}.",)
            if layout and layout.timezone not in {None, given}
            else ()
        )
        return Choice("timezone", given, "as given by --timezone", unsure), True
    if layout and layout.timezone:
        return Choice("timezone", layout.timezone, f"that of the times in {layout.title}"), True
    if zone := _named_zone(table):
        return Choice("timezone", zone, "from the column of time zones"), True
    country = main_country(table)
    zone_of_country = country_zone(country[0]) if country else None
    preferred = zone_of_country or ZONE_BY_CURRENCY.get(currency)
    offsets = [offset for column in times for offset in _offsets(table.profiles[column].values)]
    zones = _zones_with(offsets, preferred) if offsets else []
    if zones:
        question = f"the offsets of the times fit {', '.join(zones[:4])}: is it {zones[0]}?"
        return Choice("timezone", zones[0], f"times such as {table.profiles[times[0]].values[0]!r}", (question,)), False
    zone = preferred or "UTC"
    basis = f"the lines of '{country[1]}'" if country and zone_of_country else f"the currency {currency}"
    return Choice("timezone", zone, f"a guess from {basis}", (f"are the times those of {zone}?",)), False


def _named_zone(table: ExportTable) -> str | None:
    for column, profile in table.profiles.items():
        if re.sub(r"[\s_]", "", column.casefold()) == "timezone" and profile.counts:
            name = profile.counts.most_common(1)[0][0]
            return ZONE_BY_NAME.get(name.casefold(), name if "/" in name else None)
    return None


def _offsets(values: Sequence[str]) -> list[tuple[datetime, timedelta]]:
    """Local times and their offsets."""
    offsets = []
    for match in filter(None, map(_OFFSET.match, values)):
        offset = timedelta(hours=int(match[4]), minutes=int(match[5])) * (-1 if match[3] == "-" else 1)
        offsets.append((datetime.fromisoformat(f"{match[1]}T{match[2]}"), offset))
    return offsets


def _zones_with(offsets: Sequence[tuple[datetime, timedelta]], preferred: str | None) -> list[str]:
    """The zones whose clock had all these offsets, the preferred one first; UTC only where nothing else fits."""
    if all(not offset for _, offset in offsets):
        return ["UTC"]
    names = dict.fromkeys([*([preferred] if preferred else []), *ZONE_BY_CURRENCY.values(), *_FURTHER_ZONES])
    fits = {name: _fit(name, offsets) for name in names}
    zones = [name for name in names if fits[name] > 0.98]
    # A program may write the offset of the day of the export into all times of the year.
    if preferred and preferred not in zones and fits[preferred] > 0.15:
        zones.insert(0, preferred)
    return zones


def _fit(name: str, offsets: Sequence[tuple[datetime, timedelta]]) -> float:
    """The share of times at which the clock of a zone had their offset."""
    zone = ZoneInfo(name)
    return sum(local.replace(tzinfo=zone).utcoffset() == offset for local, offset in offsets) / len(offsets)
