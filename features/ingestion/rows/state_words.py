"""State words: names of columns that tell the state of an order, and words for orders that are no purchase."""

from __future__ import annotations

import re
from typing import Literal

Meaning = Literal["state", "cancelled_at", "test", "kind"]

# Names without case, blanks and punctuation, as `plain_name` writes them.
_STATE_NAMES = (
    "status|state|financialstatus|orderstatus|paymentstatus|paymentstate|orderstate|postatus|poststatus|"
    "salestatus|transactionstatus|transactionstate|chargestatus|paystatus|orderstatusname|statusname|statuscode|"
    "fulfillmentstatus|invoicestatus|bestellstatus|zahlungsstatus|auftragsstatus|statusderbestellung|auftragstatus|"
    "statut|etat|statutcommande|statutdelacommande|etatdelacommande|estado|estadodelpedido|estadopedido|estadodepago|"
    "situacao|stato|statoordine|zamowieniestatus|statuszamowienia|bestelstatus|durum|siparisdurumu|"
    "статус|статусзаказа|订单状态|交易状态|支付状态|付款状态|状态|訂單狀態|狀態|交易狀態|"
    "注文状況|注文ステータス|ステータス|상태|주문상태|"
    "zustand|bestellzustand|zahlstatus|zahlungszustand|statutpaiement|statutdepaiement|estadopago|statopagamento|"
    "betaalstatus|статусоплаты|订单状况|付款状况|支払状況|"
    "eventtype|transactiontype|ordertype|type"
)
_CANCELLED_AT_NAMES = (
    "cancelledat|canceledat|cancelleddate|canceleddate|cancelledon|canceledon|cancellationdate|voidedat|cancelled|"
    "canceled|iscancelled|iscanceled|"
    "voided|isvoid|isvoided|void|storniert|stornodatum|storniertam|annule|dateannulation|"
    "cancelado|fechacancelacion|annullato|取消时间|已取消|是否取消|キャンセル日"
)
_TEST_NAMES = (
    "test|istest|testorder|istestorder|testmode|testbestellung|commandetest|pedidodeprueba|livemode|"
    "测试|测试订单|是否测试"
)
_KIND_NAMES = (
    "producttype|itemtype|lineitemtype|category|productcategory|linetype|lineitemname|itemname|product|productname|sku|"
    "artikel|produkt|produit|producto|item|商品名称|商品类型|商品"
)
_NAMES: dict[Meaning, frozenset[str]] = {
    "state": frozenset(_STATE_NAMES.split("|")),
    "cancelled_at": frozenset(_CANCELLED_AT_NAMES.split("|")),
    "test": frozenset(_TEST_NAMES.split("|")),
    "kind": frozenset(_KIND_NAMES.split("|")),
}

_NOT_BOUGHT = re.compile(
    r"cancel+ed|cancel+ation|pending.?payment|awaiting.?payment|^cancel$|^(wc-)?(pending|on.?hold)$|"
    r"fail(ed|ure)?\b|void(ed)?\b|declin|reject|expired|abandon|unpaid|not.?paid|"
    r"refus|error|fraud|\btest\b|draft|trash|deleted|charge.?back|checkout-draft|auto-draft|payment_error|"
    r"stornier|\bstorno|abgebrochen|fehlgeschlagen|abgelehnt|unbezahlt|zahlung (offen|ausstehend)|ungültig|"
    r"annul[eé]|annulat|[eé]chou[eé]|[eé]chec|refus[eé]|impay|"
    r"cancelad|fallid|rechazad|anulad|falhou|recusad|"
    r"annullat|fallit|rifiutat|"
    r"geannuleerd|mislukt|anulowan|odrzucon|zrušen|iptal|başar.s.z|отмен|ошибк|"
    r"取消|关闭|關閉|失败|失敗|作废|作廢|未付款|未支付|待付款|拒绝|キャンセル|취소|실패"
)
_SENT_BACK = re.compile(
    r"refund|reversed|\breturned|money.?back|erstattet|zur[uü]ckerstattet|retourniert|rembours|reembols|"
    r"devuelt|devolvid|"
    r"rimborsat|terugbetaald|zwr[oó]con|iade|возвра|退款|退货|退貨|返金|환불"
)
_PARTLY = re.compile(r"part|teilweise|partiel|parcial|parzial|部分|gedeeltelijk|częściowo|partiell")
_NEGATED = re.compile(r"^(not|no|un|non|nicht|未)[ _-]?(cancel|fail|void|refund|取消|退款)")
_GIFT_CARD = re.compile(
    r"gift.?(card|certificate|voucher)|\bgutschein|geschenk(karte|gutschein)|carte.?cadeau|ch[eè]que.?cadeau|"
    r"tarjeta.?(de.?)?regalo|buono.?regalo|cart[aã]o.?presente|cadeau(bon|kaart)|礼品卡|禮品卡|储值卡|ギフトカード|기프트카드"
)
_YES = frozenset({"1", "true", "yes", "y", "t", "ja", "oui", "si", "sí", "sim", "是", "x", "test"})
_NO = frozenset({"", "0", "false", "no", "n", "f", "nein", "non", "não", "否", "null", "none", "nan"})


def plain_name(column: str) -> str:
    """The name of a column without case, blanks and punctuation."""
    return re.sub(r"[\W_]+", "", column.casefold())


def column_meaning(column: str) -> Meaning | None:
    """What the values of a column probably tell about an order, by its name; None where nothing."""
    plain = plain_name(column)
    return next((meaning for meaning, names in _NAMES.items() if plain in names), None)


def is_not_bought(value: str) -> bool:
    """Whether a state says that the order was cancelled, failed, or never paid."""
    return bool(_NOT_BOUGHT.search(value)) and not _NEGATED.search(value) and not _SENT_BACK.search(value)


def is_sent_back(value: str) -> bool:
    """Whether a state says that the whole order was refunded."""
    return bool(_SENT_BACK.search(value)) and not _PARTLY.search(value) and not _NEGATED.search(value)


def is_gift_card(value: str) -> bool:
    """Whether a product is a gift card, which is paid for here and spent later."""
    return bool(_GIFT_CARD.search(value))


def is_yes(value: str) -> bool:
    """Whether a value of a flag is true."""
    return value in _YES


def is_no(value: str) -> bool:
    """Whether a value of a flag is false or missing."""
    return value in _NO
