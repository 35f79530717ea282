"""Statuses: the values of a status column whose lines are no purchase, in several languages."""

from __future__ import annotations

from pipelines.init.candidates import ExportTable, best_candidate
from pipelines.init.choice import Choice
from pipelines.init.column_names import normalize_name
from pipelines.init.layout import Layout
from pipelines.init.value_profile import ValueProfile

MAX_STATUSES = 40
MAX_EXCLUDED = 0.6  # of the lines; above it, the words mean something else here

# What was not bought: the order was called off, or never paid.
_NO_PURCHASE = {
    "cancelled", "canceled", "cancel", "cancelled by customer", "void", "voided", "failed", "declined", "rejected", "expired",
    "abandoned", "unpaid", "not paid", "pending payment", "payment pending", "awaiting payment", "payment failed", "trash",
    "draft", "checkout draft", "fraud", "unavailable", "wc cancelled", "wc failed", "wc pending", "wc checkout draft",
    "storniert", "abgebrochen", "fehlgeschlagen", "abgelehnt", "unbezahlt", "zahlung ausstehend", "abgelaufen",
    "annule", "annulee", "echoue", "echouee", "refuse", "refusee", "impaye", "en attente de paiement",
    "cancelado", "cancelada", "anulado", "anulada", "fallido", "fallida", "rechazado", "pendiente de pago",
    "annullato", "annullata", "fallito", "rifiutato", "in attesa di pagamento", "falhou", "recusado", "aguardando pagamento",
    "geannuleerd", "mislukt", "geweigerd", "wacht op betaling", "anulowane", "anulowano", "anulowany", "nieudane",
    "nieoplacone", "odrzucone", "oczekuje na platnosc",
    "交易关闭", "已关闭", "已取消", "取消", "订单取消", "关闭", "等待买家付款", "待付款", "未付款", "待支付", "未支付", "支付失败",
}  # fmt: skip
# What was bought and given back as a whole.
_RETURNED = {
    "refunded", "returned", "full refund", "fully refunded", "charged back", "chargeback", "wc refunded", "erstattet",
    "ruckerstattet", "retourniert", "rembourse", "remboursee", "reembolsado", "reembolsada", "rimborsato", "terugbetaald",
    "zwrocone", "已退款", "退款成功", "全额退款", "已退货",
}  # fmt: skip
_ASK = {
    "pending",
    "on hold",
    "wc on hold",
    "processing payment",
    "authorized",
    "ausstehend",
    "en attente",
    "pendiente",
    "处理中",
}
_TEST_COLUMNS, _YES = (
    {"test", "is test", "test order", "testbestellung", "测试订单"},
    {"true", "yes", "1", "ja", "是", "test"},
)


def choose_exclusions(table: ExportTable, layout: Layout | None) -> list[Choice]:
    """The choice for exclude, or none where every line is a purchase."""
    excluded: dict[str, list[str]] = {}
    reasons, questions = [], []
    status = _status_column(table, layout)
    if status is not None:
        profile = table.profiles[status]
        words = _no_purchase_words(profile, layout)
        if words:
            excluded[status] = words
            reasons.append(f"'{status}' with values {_list_counts(profile)}")
        questions += _status_questions(profile)
    for column, values in layout.excluded.items() if layout else _test_flags(table):
        if column in table.profiles:
            excluded[column] = list(values)
            reasons.append(f"'{column}' {', '.join(values)} is a test")
    if not excluded:
        return []
    return [Choice("exclude", excluded, f"no purchases: {'; '.join(reasons)}", tuple(questions))]


def _status_column(table: ExportTable, layout: Layout | None) -> str | None:
    if layout is not None:
        return layout.source("status", table.export.columns)
    candidates = table.candidates("status", lambda profile: 1 <= len(profile.counts) <= MAX_STATUSES)
    return best_candidate([each for each in candidates if _no_purchase_words(table.profiles[each.column], None)])


def _no_purchase_words(profile: ValueProfile, layout: Layout | None) -> list[str]:
    """The values to leave out: those of the layout, and others that this export has."""
    words = [value for value in profile.counts if normalize_name(value) in _NO_PURCHASE]
    if layout is None:
        words += [value for value in profile.counts if normalize_name(value) in _RETURNED]
    if sum(profile.counts[word] for word in words) > MAX_EXCLUDED * len(profile.texts):
        words = []
    return list(dict.fromkeys([*(layout.excluded_statuses if layout else ()), *words]))


def _status_questions(profile: ValueProfile) -> list[str]:
    unsure = [value for value in profile.counts if normalize_name(value) in _ASK]
    return [f"{profile.counts[value]:,} lines are {value!r}: are they purchases?" for value in unsure]


def _test_flags(table: ExportTable) -> list[tuple[str, tuple[str, ...]]]:
    flags = []
    for column, profile in table.profiles.items():
        if normalize_name(column) in _TEST_COLUMNS and 1 <= len(profile.counts) <= 3:
            values = tuple(value for value in profile.counts if value.casefold() in _YES)
            flags += [(column, values)] if values else []
    return flags


def _list_counts(profile: ValueProfile) -> str:
    return ", ".join(f"{value} ({count:,})" for value, count in profile.counts.most_common(8))
