"""Side tables: files of consents or events beside the orders, recognized by their columns and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pipelines.init.candidates import ExportTable
from pipelines.init.choice import Choice, Section
from pipelines.init.column_names import normalize_name
from pipelines.init.path_pattern import path_text
from pipelines.init.value_formats import date_choices
from pipelines.init.value_profile import ValueProfile

MAX_KINDS = 60
_PURPOSE = (
    "purpose",
    "consent type",
    "consent",
    "zweck",
    "finalite",
    "finalidad",
    "scopo",
    "doel",
    "cel",
    "用途",
    "授权类型",
    "同意类型",
)
_GRANTED = (
    "granted",
    "consent",
    "opt in",
    "opted in",
    "status",
    "value",
    "erteilt",
    "accorde",
    "concedido",
    "是否同意",
    "同意",
    "状态",
)
_CHANGED = (
    "changed at",
    "updated at",
    "timestamp",
    "date",
    "created at",
    "given at",
    "时间",
    "更新时间",
    "变更时间",
    "日期",
)
_KIND = ("kind", "event", "event type", "event name", "action", "activity", "type", "behavior", "behavior type", "ereignis",
         "evenement", "evento", "事件", "事件类型", "行为", "行为类型")  # fmt: skip
_HAPPENED = (
    "happened at",
    "event time",
    "timestamp",
    "occurred at",
    "time",
    "date",
    "created at",
    "datetime",
    "时间",
    "事件时间",
    "发生时间",
)
_CHANNEL = ("channel", "kanal", "canal", "canale", "kanaal", "渠道")
_FLAGS = {"true", "false", "yes", "no", "1", "0", "t", "f", "y", "n"}
_PURPOSES = {"profiling", "marketing"}
_SOCIAL = (
    "post",
    "share",
    "review",
    "like",
    "comment",
    "referral",
    "refer",
    "follow",
    "campaign_received",
    "分享",
    "评论",
    "点赞",
)
_REDEMPTION = ("redeem", "核销")


def consents_section(table: ExportTable, customers: set[str], folder: Path) -> Section | None:
    """The section of a file of consents, or None for another file."""
    flag = _find_column(
        table, _GRANTED, lambda profile: bool(profile.counts) and {v.casefold() for v in profile.counts} <= _FLAGS
    )
    purpose = _find_column(table, _PURPOSE, lambda profile: 1 <= len(profile.counts) <= 20, [flag])
    changed = _find_column(table, _CHANGED, lambda profile: profile.is_date)
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
    kind = _find_column(table, _KIND, lambda profile: 1 <= len(profile.counts) <= MAX_KINDS and not profile.is_number)
    happened = _find_column(table, _HAPPENED, lambda profile: profile.is_date)
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
        Choice("path", path_text(table.export.files, folder), f"{table.export.lines:,} lines"),
        Choice("customer_id", customer, "most of its values are customers of the orders"),
    ])  # fmt: skip


def _with_channel_and_dates(section: Section, table: ExportTable, time: str) -> Section:
    channel = _find_column(table, _CHANNEL, lambda profile: 1 <= len(profile.counts) <= 50)
    if channel:
        section.choices.append(Choice("channel", channel))
    section.choices += date_choices(table, [time], None)
    return section


def _find_column(
    table: ExportTable,
    names: Sequence[str],
    accept: Callable[[ValueProfile], bool],
    taken: Sequence[str | None] = (),
) -> str | None:
    columns = {normalize_name(column): column for column in table.export.columns}
    found = (columns[name] for name in names if name in columns and columns[name] not in taken)
    return next((column for column in found if accept(table.profiles[column])), None)


def _customer_column(table: ExportTable, customers: set[str]) -> str | None:
    """The column of which most values are customers of the orders."""
    shares = {
        column: len(set(profile.counts) & customers) / len(profile.counts)
        for column, profile in table.profiles.items()
        if profile.counts
    }
    best = max(shares, key=lambda column: shares[column], default=None)
    return best if best is not None and shares[best] >= 0.3 else None
