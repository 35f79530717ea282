"""Side tables: files of consents or events beside the orders, recognized by their columns and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from features.wording import count_of
from pipelines.init.candidates import ExportTable, best_candidate
from pipelines.init.choice import Choice, Section
from pipelines.init.lexicon import Role
from pipelines.init.path_pattern import path_text
from pipelines.init.value_formats import date_choices
from pipelines.init.value_profile import ValueProfile

MAX_KINDS = 60
_FLAGS = {"true", "false", "yes", "no", "1", "0", "t", "f", "y", "n"}
_PURPOSES = {"profiling", "marketing"}
_SOCIAL = ("post", "share", "review", "like", "comment", "refer", "follow", "campaign_received", "分享", "评论", "点赞")
_REDEMPTION = ("redeem", "核销")


def consents_section(table: ExportTable, customers: set[str], folder: Path) -> Section | None:
    """The section of a file of consents, or None for another file."""
    flag = _find_column(table, "consent_granted", _is_flag)
    purpose = _find_column(table, "consent_purpose", lambda profile: 1 <= len(profile.counts) <= 20, [flag])
    changed = _find_column(table, "changed_at", lambda profile: profile.is_date)
    customer = _customer_column(table, customers)
    if flag is None or purpose is None or changed is None or customer is None:
        return None
    section = _section("consents", table, folder, customer)
    unknown = [value for value in table.profiles[purpose].counts if value.casefold() not in _PURPOSES]
    if unknown:
        names = {value: "profiling" if "profil" in value.casefold() else "marketing" for value in unknown}
        section.choices.append(Choice("purposes", names, "", (f"do {', '.join(unknown)} stand for these purposes?",)))
    section.choices += [Choice("purpose", purpose), Choice("granted", flag), Choice("changed_at", changed)]
    return _with_channel_and_dates(section, table, changed)


def events_section(table: ExportTable, customers: set[str], folder: Path) -> Section | None:
    """The section of a file of events, or None for another file."""
    kind = _find_column(
        table, "event_kind", lambda profile: 1 <= len(profile.counts) <= MAX_KINDS and not profile.is_number
    )
    happened = _find_column(table, "happened_at", lambda profile: profile.is_date)
    customer = _customer_column(table, customers)
    if kind is None or happened is None or customer is None:
        return None
    kinds = sorted(table.profiles[kind].counts)
    social = [each for each in kinds if any(word in each.casefold() for word in _SOCIAL)]
    behaviour = [each for each in kinds if each not in social]
    redemptions = [each for each in kinds if any(word in each.casefold() for word in _REDEMPTION)]
    section = _section("events", table, folder, customer)
    section.choices += [
        Choice("happened_at", happened),
        Choice("kind", kind),
        Choice("behaviour", behaviour, "every kind is behaviour or social", ("is each kind in the right list?",)),
        Choice("social", social),
    ]
    if redemptions:
        section.choices.append(Choice("redemptions", redemptions, "these kinds redeem a coupon"))
    return _with_channel_and_dates(section, table, happened)


def _section(name: str, table: ExportTable, folder: Path, customer: str) -> Section:
    return Section(name, [
        Choice("path", path_text(table.export.files, folder), count_of(table.export.lines, "line")),
        Choice("customer_id", customer, "most of its values are customers of the orders"),
    ])  # fmt: skip


def _with_channel_and_dates(section: Section, table: ExportTable, time: str) -> Section:
    channel = _find_column(table, "contact_channel", lambda profile: 1 <= len(profile.counts) <= 50)
    if channel:
        section.choices.append(Choice("channel", channel))
    section.choices += date_choices(table, [time], None)
    return section


def _find_column(
    table: ExportTable, role: Role, accept: Callable[[ValueProfile], bool], taken: Sequence[str | None] = ()
) -> str | None:
    return best_candidate(table.candidates(role, accept), [column for column in taken if column])


def _is_flag(profile: ValueProfile) -> bool:
    return bool(profile.counts) and {value.casefold() for value in profile.counts} <= _FLAGS


def _customer_column(table: ExportTable, customers: set[str]) -> str | None:
    """The column of which most values are customers of the orders."""
    shares = {
        column: len(set(profile.counts) & customers) / len(profile.counts)
        for column, profile in table.profiles.items()
        if profile.counts
    }
    best = max(shares, key=lambda column: shares[column], default=None)
    return best if best is not None and shares[best] >= 0.3 else None
