from __future__ import annotations

from pathlib import Path

import pytest

from features.config.shop import ShopConfig
from tests.pipelines.init.drafting import draft_file, ingested_totals
from tests.pipelines.init.plain_exports import all_orders, write_plain

# customer, order, time, amount, quantity, product, category, store
HEADERS = {
    "English": ["Customer ID", "Order Number", "Order Date", "Line Total", "Qty", "SKU", "Product Category", "Store"],
    "English, for programs": [
        "user_id",
        "orderId",
        "purchased_at",
        "net_amount",
        "units",
        "productId",
        "category",
        "shop_id",
    ],
    "German": [
        "Kundennummer",
        "Bestell-Nr.",
        "Bestelldatum",
        "Betrag",
        "Menge",
        "Artikelnummer",
        "Warengruppe",
        "Filiale",
    ],
    "French": [
        "N° client",
        "N° de commande",
        "Date de commande",
        "Montant TTC",
        "Quantité",
        "Référence produit",
        "Catégorie",
        "Magasin",
    ],
    "Spanish": [
        "ID cliente",
        "Número de pedido",
        "Fecha de compra",
        "Importe",
        "Cantidad",
        "Código producto",
        "Categoría",
        "Tienda",
    ],
    "Italian": [
        "Codice cliente",
        "Numero ordine",
        "Data ordine",
        "Importo",
        "Quantità",
        "Codice prodotto",
        "Categoria",
        "Negozio",
    ],
    "Portuguese": [
        "Código do cliente",
        "Número do pedido",
        "Data do pedido",
        "Valor total",
        "Quantidade",
        "Código produto",
        "Categoria",
        "Loja",
    ],
    "Dutch": ["Klantnummer", "Ordernummer", "Besteldatum", "Bedrag", "Aantal", "Artikelnummer", "Categorie", "Winkel"],
    "Polish": [
        "Numer klienta",
        "Numer zamówienia",
        "Data zamówienia",
        "Wartość",
        "Ilość",
        "Kod produktu",
        "Kategoria",
        "Sklep",
    ],
    "Chinese": ["会员号", "订单编号", "下单时间", "实付金额", "商品数量", "商品编码", "商品分类", "门店"],
    "Chinese, of a till": ["会员卡号", "小票号", "交易时间", "销售金额", "数量", "货号", "品类", "门店名称"],
}
KEYS = ["customer", "order", "time", "amount", "quantity", "product", "category", "store"]


@pytest.mark.parametrize("language", HEADERS)
def test_columns_are_recognized_by_their_names(language: str, tmp_path: Path) -> None:
    header = HEADERS[language]
    file = write_plain(tmp_path / "orders.csv", dict(zip(header, KEYS, strict=True)))
    assert columns_of_orders(draft_file([file], tmp_path)) == header


@pytest.mark.parametrize("language", ["German", "Chinese"])
def test_the_order_of_columns_does_not_count(language: str, tmp_path: Path) -> None:
    header = HEADERS[language]
    columns = dict(reversed([*zip(header, KEYS, strict=True)]))
    config = draft_file([write_plain(tmp_path / "orders.csv", columns)], tmp_path)
    assert columns_of_orders(config) == header
    assert ingested_totals(config, tmp_path / "history") == all_orders()


@pytest.mark.parametrize(
    ("language", "currency", "zone"),
    [
        ("German", "EUR", "Europe/Berlin"),
        ("Polish", "PLN", "Europe/Warsaw"),
        ("Chinese", "CNY", "Asia/Shanghai"),
    ],
)
def test_currency_and_zone_are_guessed_from_the_language(
    language: str, currency: str, zone: str, tmp_path: Path
) -> None:
    file = write_plain(tmp_path / "orders.csv", dict(zip(HEADERS[language], KEYS, strict=True)))
    config = draft_file([file], tmp_path)
    assert (config.currency, config.timezone) == (currency, zone)


def columns_of_orders(config: ShopConfig) -> list[str]:
    orders = config.orders
    columns = (
        orders.customer_id,
        orders.order_id,
        orders.ordered_at,
        orders.amount,
        orders.quantity,
        orders.product_id,
        orders.category,
        orders.store_id,
    )
    return [" or ".join(column or ()) for column in columns]
