"""Lexicon: what shop systems call the columns of an order log, in nine languages, by role and by how sure a name is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Role = Literal[
    "customer_id", "ordered_at", "order_time", "amount", "unit_price", "order_id", "product_id", "category", "quantity",
    "discount", "coupon", "channel", "store_id", "currency_column", "status", "updated_at",
]  # fmt: skip

# Per role: names that say it, names that often mean it, and names that mean it where nothing better is there.
_NAMES: Mapping[Role, tuple[str, str, str]] = {
    "customer_id": (
        "customer id, customer unique id, customer number, customer no, customer key, customer code, cust id, client id, "
        "user id, member id, member number, member no, household id, household key, buyer id, person id, shopper id, "
        "loyalty id, kundennummer, kundennr, kunden nr, kunden id, id client, code client, numero client, n client, "
        "id cliente, cliente id, codigo cliente, codigo de cliente, numero cliente, codice cliente, klantnummer, klantnr, "
        "klant id, numer klienta, id klienta, nr klienta, kod klienta, "
        "买家会员名, 会员号, 会员编号, 会员卡号, 会员id, 会员名, 客户编号, 客户id, 客户号, 用户id, 用户编号, 顾客编号, 买家id, 客户代码",
        "email, customer email, billing email, buyer email, e mail, mail, email address, e mail adresse, adresse e mail, "
        "courriel, correo, correo electronico, email cliente, customer, client, buyer, kunde, cliente, klant, klient, "
        "customer user, account id, 买家昵称, 买家, 会员, 客户, 顾客, 用户, 邮箱, 手机号, 手机号码, 会员手机号, 买家手机号, 联系手机",
        "phone, phone number, telephone, mobile, telefon, telefono, telefone, telefoon, 电话, 联系电话, username, uid, "
        "user name, customer name, kundenname, nom client, nombre cliente, nome cliente, klantnaam, 客户名称, 客户姓名, "
        "买家姓名, 收货人手机号, 收货人, billing name, card number, id",
    ),
    "ordered_at": (
        "ordered at, order date, order time, order datetime, order timestamp, order purchase timestamp, order created at, "
        "purchase date, purchase time, purchase timestamp, purchased at, invoice date, transaction date, transaction time, "
        "transaction timestamp, sale date, sales date, date of purchase, created at, date created, created, "
        "bestelldatum, bestellzeit, auftragsdatum, rechnungsdatum, kaufdatum, belegdatum, bestellt am, "
        "date commande, date de commande, date de la commande, date achat, date d achat, date facture, "
        "fecha pedido, fecha de pedido, fecha del pedido, fecha compra, fecha de compra, fecha factura, fecha de venta, "
        "data ordine, data dell ordine, data acquisto, data fattura, data do pedido, data pedido, data compra, "
        "data da compra, data da venda, besteldatum, orderdatum, factuurdatum, aankoopdatum, "
        "data zamowienia, data zakupu, data transakcji, data sprzedazy, "
        "订单创建时间, 下单时间, 订单时间, 下单日期, 订单日期, 交易时间, 交易日期, 购买时间, 购买日期, 消费时间, 消费日期, 销售日期, 销售时间",
        "paid at, payment date, date paid, zahlungsdatum, date, datum, fecha, data, datetime, timestamp, occurred at, "
        "processed at, creation date, zeitpunkt, 付款时间, 支付时间, 订单付款时间, 买家付款时间, 创建时间, 日期, 时间",
        "completed at, time, day, tag, dag, when, 成交时间, 交易成功时间",
    ),
    "order_time": (
        "time, order time, transaction time, sale time, purchase time, uhrzeit, zeit, heure, hora, ora, tijd, godzina, czas, "
        "时间, 时刻, 交易时间, 下单时间",
        "",
        "",
    ),
    "amount": (
        "amount, order amount, total amount, sales amount, sale amount, transaction amount, purchase amount, net amount, "
        "total, order total, grand total, net total, line total, line amount, item total, total price, extended price, "
        "net sales, sales, sales value, sale value, revenue, net revenue, order value, dollar value, total paid, "
        "amount paid, paid amount, price paid, spend, "
        "gesamtbetrag, gesamtsumme, gesamt, gesamtpreis, summe, betrag, umsatz, rechnungsbetrag, bestellwert, endbetrag, "
        "montant, montant total, total ttc, montant ttc, total commande, montant paye, chiffre d affaires, "
        "importe, importe total, total pedido, total del pedido, monto, valor total, importo, importo totale, totale, "
        "totale ordine, valor pago, total do pedido, bedrag, totaalbedrag, totaal, orderbedrag, omzet, "
        "kwota, wartosc, wartosc zamowienia, suma, razem, kwota calkowita, "
        "实付金额, 订单实付金额, 买家实际支付金额, 买家实付金额, 实付款, 实际支付金额, 支付金额, 付款金额, 成交金额, 订单金额, "
        "消费金额, 交易金额, 销售额, 销售金额, 实收金额, 总金额, 金额",
        "subtotal, sub total, gross sales, gross amount, sale price, total collected, zwischensumme, sous total, payment value, "
        "valor, 应付金额, 应收订单金额, 商品金额, 商品总价, 小计, 总价",
        "price, value, paid, preis, prix, precio, prezzo, preco, prijs, cena, item price, 价格, 单价",
    ),
    "unit_price": (
        "unit price, price each, price per unit, item price, lineitem price, unit cost, einzelpreis, stuckpreis, prix unitaire, "
        "precio unitario, prezzo unitario, preco unitario, valor unitario, stuksprijs, stukprijs, eenheidsprijs, "
        "cena jednostkowa, 单价, 商品单价, 销售单价, 成交单价",
        "price, product price, list price, preis, prix, precio, prezzo, preco, prijs, cena, 价格, 商品价格, 售价",
        "",
    ),
    "order_id": (
        "order id, order number, order no, order nr, order key, order name, order, order reference, invoice no, "
        "invoice number, invoice id, transaction id, transaction number, transaction no, receipt no, receipt number, "
        "receipt id, basket id, ticket number, ticket id, bill no, bill number, increment id, sales order number, "
        "purchase id, checkout id, bestellnummer, bestell nr, bestellnr, bestell id, auftragsnummer, auftragsnr, "
        "auftrags nr, rechnungsnummer, rechnungsnr, belegnummer, belegnr, bonnummer, bon nr, "
        "numero de commande, numero commande, n commande, no commande, n de commande, no de commande, id commande, reference commande, numero facture, "
        "numero de pedido, numero pedido, n pedido, no pedido, id pedido, numero factura, id orden, "
        "numero ordine, id ordine, n ordine, numero do pedido, codigo do pedido, "
        "ordernummer, ordernr, bestelnummer, bestelnr, factuurnummer, bonnr, "
        "numer zamowienia, nr zamowienia, id zamowienia, numer paragonu, nr paragonu, "
        "订单编号, 订单号, 订单id, 主订单编号, 交易号, 交易编号, 流水号, 小票号, 小票编号, 销售单号, 单号",
        "invoice, transaction, receipt, basket, commande, pedido, ordine, bestellung, bestelling, zamowienie, 订单",
        "reference",
    ),
    "product_id": (
        "product id, sku, stock code, product code, product number, item id, item code, item number, item sku, article id, "
        "article number, asin, product key, upc, ean, gtin, isbn, barcode, lineitem sku, artikelnummer, artikel nr, "
        "artikelnr, produkt id, produktnummer, reference produit, ref produit, code produit, id produit, "
        "codigo producto, id producto, codice prodotto, id prodotto, codice articolo, codigo produto, id produto, "
        "productnummer, kod produktu, id produktu, indeks produktu, "
        "商品编码, 商品编号, 商品id, 货号, 商家编码, 产品编号, 产品编码, 款号, 条码",
        "product, item, product name, item name, lineitem name, description, article, artikel, produkt, produit, producto, "
        "prodotto, produto, towar, artikelbezeichnung, referencia, 商品名称, 产品名称, 商品, 宝贝标题, 产品",
        "title, name, bezeichnung",
    ),
    "category": (
        "category, product category, product category name, category name, item category, department, product type, "
        "product line, kategorie, warengruppe, produktkategorie, categorie, categorie produit, famille, rayon, categoria, "
        "categoria producto, reparto, rubro, kategoria, productgroep, categorie product, "
        "品类, 类目, 商品类目, 分类, 商品分类, 商品类别, 类别, 产品类别, 宝贝种类",
        "commodity desc, sub category, subcategory, family, type, aisle, 种类",
        "",
    ),
    "quantity": (
        "quantity, qty, order quantity, item quantity, items sold, lineitem quantity, units, units sold, number of items, "
        "number of cds, menge, anzahl, stuckzahl, quantite, qte, cantidad, cant, unidades, quantita, qta, quantidade, "
        "qtd, qtde, aantal, hoeveelheid, ilosc, liczba sztuk, "
        "数量, 商品数量, 购买数量, 件数, 宝贝总数量, 宝贝数量, 销售数量, 购买件数",
        "items, count, pieces, stuck, pezzi, sztuk, num items",
        "",
    ),
    "discount": (
        "discount, discount amount, discounts, total discount, line discount, rabatt, rabattbetrag, remise, descuento, "
        "sconto, desconto, korting, rabat, 优惠金额, 折扣金额, 店铺优惠, 优惠, 减免金额",
        "",
        "",
    ),
    "coupon": (
        "coupon amount, coupon discount, coupon disc, voucher amount, gutscheinbetrag, 优惠券金额, 优惠券抵扣, 卡券抵扣",
        "",
        "",
    ),
    "channel": (
        "channel, sales channel, order channel, order source, source name, purchase channel, kanal, vertriebskanal, "
        "verkaufskanal, canal, canal de vente, canal de venta, canale, kanaal, verkoopkanaal, kanal sprzedazy, "
        "渠道, 销售渠道, 订单来源, 来源渠道",
        "source, platform, device type, 来源, 平台",
        "",
    ),
    "store_id": (
        "store id, store, store number, store code, shop id, branch, branch id, outlet, store name, location id, filiale, "
        "filialnummer, magasin, boutique, tienda, sucursal, negozio, punto vendita, loja, filial, winkel, vestiging, "
        "sklep, 门店, 门店编号, 门店名称, 店铺, 店铺名称, 归属店铺, 网点",
        "location, shop, shop name, site, standort",
        "",
    ),
    "currency_column": (
        "currency, currency code, order currency, wahrung, waehrung, devise, monnaie, moneda, divisa, valuta, moeda, "
        "waluta, 币种, 货币",
        "",
        "",
    ),
    "status": (
        "status, order status, financial status, payment status, order state, bestellstatus, auftragsstatus, "
        "zahlungsstatus, statut, statut commande, etat commande, etat, estado, estado pedido, estado del pedido, stato, "
        "stato ordine, situacao, status do pedido, orderstatus, status zamowienia, 订单状态, 交易状态, 支付状态, 状态",
        "state",
        "",
    ),
    "updated_at": (
        "updated at, last updated, last updated at, modified at, date modified, last modified, order updated at, "
        "aktualisiert am, geandert am, mis a jour, actualizado, aggiornato il, atualizado em, bijgewerkt, "
        "zaktualizowano, 更新时间, 修改时间, 最后更新时间",
        "",
        "",
    ),
}

TERMS: Mapping[Role, tuple[tuple[float, str], ...]] = {
    role: tuple(
        (weight, term.strip())
        for weight, names in zip((1.0, 0.8, 0.5), tiers, strict=True)
        for term in names.split(",")
        if term.strip()
    )
    for role, tiers in _NAMES.items()
}

# Words that make a name mean another thing: "shipping date" is no order date, "tax amount" no amount.
FOREIGN: Mapping[Role, tuple[str, ...]] = {
    "customer_id": (
        "group", "type", "segment", "city", "state", "country", "zip", "postcode", "address", "description", "note",
        "notes", "reference", "shipping", "seller", "class", "since", "age", "gender", "地址", "姓名", "留言", "备注", "类型",
        "等级", "service", "rating", "卖家", "公司", "name", "gruppe", "land", "ort", "stadt", "ville", "pays",
    ),
    "ordered_at": (
        "updated", "modified", "shipped", "ship", "shipping", "delivered", "delivery", "delivering", "cancelled",
        "canceled", "refund", "refunded", "birth", "due", "expiry", "required", "estimated", "approved", "fulfilled",
        "limit", "registered", "signup", "zone", "versand", "lieferung", "lieferdatum", "livraison", "entrega", "envio",
        "spedizione", "consegna", "levering", "wysylki", "发货", "收货", "更新", "退款", "取消", "生日", "注册", "type", "status",
        "carrier", "processing", "modification",
    ),
    "amount": (
        "tax", "taxes", "vat", "shipping", "freight", "discount", "fee", "fees", "refunded", "refund", "tip", "balance",
        "cost", "points", "outstanding", "mwst", "steuer", "versand", "versandkosten", "tva", "livraison", "iva",
        "impuestos", "envio", "spedizione", "imposta", "frete", "imposto", "btw", "verzendkosten", "vat", "dostawa",
        "税", "运费", "邮费", "优惠", "折扣", "退款", "积分", "手续费", "quantity", "items", "count", "compare", "credit",
        "due", "insurance", "weight", "id", "code", "method", "type", "status", "currency", "gift",
    ),
    "unit_price": ("compare", "tax", "total", "currency", "cost", "type"),
    "order_id": (
        "item", "line", "items", "date", "time", "status", "state", "amount", "total", "type", "quantity", "value", "count",
        "channel", "source", "notes", "note", "currency", "external", "tax", "discount", "sequential", "payment",
        "时间", "状态", "金额", "备注", "类型", "来源", "关闭", "物流", "日期", "数量", "product", "customer", "dow", "hour",
        "priority", "子订单", "支付流水号", "运单",
    ),
    "product_id": (
        "category", "price", "type", "quantity", "line", "total", "count", "weight", "length", "photos", "height",
        "width", "discount", "tax", "status", "amount", "customer", "billing", "shipping", "seller", "first", "last",
        "数量", "单价", "金额", "类目", "分类", "种类", "cost", "card",
    ),
    "category": ("id", "customer", "event", "payment", "card", "user", "shipping", "order", "transaction", "member"),
    "quantity": ("price", "amount", "refunded", "discount", "type", "unit", "discounts"),
    "discount": ("code", "type", "rate", "percent", "percentage", "pct", "name", "label"),
    "coupon": ("code", "name"),
    "channel": ("id", "payment", "code"),
    "store_id": ("type", "size", "sales", "credit", "status", "address", "city", "ip"),
    "status": (
        "fulfillment", "shipping", "dispute", "marital", "lineitem", "card", "cvc", "avs", "membership", "customer",
        "delivery", "退款", "物流", "发货", "country", "province", "billing", "address",
    ),
}  # fmt: skip
