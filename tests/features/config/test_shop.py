"""A shop says what it means in flywheel.toml, and hears of everything it said wrong, at once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from features.config.shop import ShopConfig, read_shop_config
from features.errors import InvalidConfig

EVERY_KEY = """
    name = "corner-shop"
    currency = "GBP"
    timezone = "Europe/London"

    [orders]
    path = "orders.csv"
    customer_id = "Customer ID"
    ordered_at = "InvoiceDate"
    amount = "Quantity * UnitPrice"
    order_id = "InvoiceNo"
    product_id = "StockCode"
    category = "Department"
    quantity = "Quantity"
    discount = "Discount"
    coupon = "Coupon"
    channel = "Channel"
    store_id = "Store"
    anonymous = ["(Anonymous)"]
    recorded_at = "LoadedAt"
    duplicates = "keep"
    date_format = "%m/%d/%Y"
    has_header = true

    [events]
    path = "events.csv"
    customer_id = "customer"
    happened_at = "at"
    kind = "kind"
    channel = "channel"
    category = "category"
    product_id = "product"
    duration_s = "seconds"
    value = "value"
    behaviour = ["store_visit", "app_open", "page_view", "coupon_redeemed"]
    social = ["post", "comment", "share", "referral"]
    redemptions = ["coupon_redeemed"]

    [touches]
    path = "touches.csv"
    customer_id = "customer"
    sent_at = "at"
    campaign_id = "campaign"
    channel = "channel"
    variant = "variant"
    treated = "treated"
    probability = "probability"

    [consents]
    path = "consents.csv"
    customer_id = "customer"
    purpose = "purpose"
    channel = "channel"
    granted = "granted"
    changed_at = "at"

    [costs]
    path = "costs.csv"
    day = "day"
    source = "source"
    amount = "amount"

    [business]
    churn_days = 90
    ltv_days = [30, 90, 365]
    lead_days = 15
    max_feature_age_days = 7
    bands = { low = 0.3, high = 0.7 }
    rfm = { recency = [30, 90], frequency = [2, 5], monetary = [100, 500] }

    [business.churn_rules]
    "no contact for 3 days" = { no_contact_days = 3 }
    lapsed = { no_contact_days = 30, no_order_days = 182 }
"""
SMALLEST = """
    name = "corner-shop"
    currency = "GBP"
    timezone = "Europe/London"
    [orders]
    path = "orders.csv"
    customer_id = "customer"
    ordered_at = "at"
"""


def write_config(folder: Path, text: str) -> Path:
    path = folder / "flywheel.toml"
    path.write_text(dedent(text), encoding="utf-8")
    return path


def read_text(folder: Path, text: str) -> ShopConfig:
    return read_shop_config(write_config(folder, text))


def config_errors(folder: Path, text: str) -> list[str]:
    """Everything that is said against a description, without the line that names the file."""
    with pytest.raises(InvalidConfig) as refused:
        read_text(folder, text)
    first, *faults = str(refused.value).splitlines()
    assert first == (
        f"{folder / 'flywheel.toml'} cannot be used. Correct these keys, the README says what each of them means:"
    )
    return [fault.removeprefix("  - ") for fault in faults]


def test_a_shop_may_say_everything_there_is_to_say(tmp_path: Path) -> None:
    said = read_text(tmp_path, EVERY_KEY)
    assert said.orders.amount == "Quantity * UnitPrice"
    assert said.orders.anonymous == ("(Anonymous)",)
    assert said.events is not None
    assert said.events.social == ("post", "comment", "share", "referral")
    assert said.touches is not None
    assert said.consents is not None
    assert said.costs is not None
    assert said.business.rfm.monetary == (100, 500)
    assert {name: dict(rule.conditions) for name, rule in said.business.churn_rules.items()} == {
        "no contact for 3 days": {"no_contact_days": 3},
        "lapsed": {"no_contact_days": 30, "no_order_days": 182},
    }
    assert said.business.churn_rules["lapsed"].max_inactive_days == 182
    assert said.folder == tmp_path


def test_a_shop_may_say_only_where_its_orders_are(tmp_path: Path) -> None:
    said = read_text(tmp_path, SMALLEST)
    assert said.orders.amount is None
    assert said.orders.duplicates == "keep"
    assert said.business.churn_days == "auto"
    assert said.business.ltv_days == (30, 90, 365)
    assert said.events is None
    assert not said.business.churn_rules


def test_a_shop_hears_of_everything_it_said_wrong_at_once(tmp_path: Path) -> None:
    text = """
        name = "corner-shop"
        currency = "pounds"
        timezone = "Europe/Lodnon"
        folder = "/somewhere/else"
        [orders]
        path = "orders.csv"
        custmer_id = "customer"
        ordered_at = 5
        has_header = "yes"
        anonymous = "nobody"
        duplicates = "maybe"
        [events]
        path = "events.csv"
        customer_id = "customer"
        happened_at = "at"
        kind = "kind"
        behaviour = ["visit", "post"]
        social = ["post"]
        [business]
        churn_days = "soon"
        ltv_days = [30, 9000]
        lead_days = 1.5
        bands = { low = 0.9, high = 0.2 }
        rfm = { recency = ["often"] }
    """
    assert config_errors(tmp_path, text) == [
        "currency: found 'pounds'; expected three capital letters such as 'EUR'.",
        "timezone: found 'Europe/Lodnon'; expected an IANA time zone such as 'Europe/London'.",
        "[orders] customer_id: missing; add it.",
        "[orders] has_header: found 'yes'; expected true or false.",
        "[orders] anonymous: found 'nobody'; expected a list in square brackets.",
        "[orders] ordered_at: found 5; expected text in quotes.",
        "[orders] duplicates: found 'maybe'; expected 'keep' or 'drop'.",
        "[orders] custmer_id: unknown key; the nearest is 'customer_id'.",
        "[events]: found post in both behaviour and social; keep each kind in one list.",
        "[business] churn_days: found 'soon'; expected a whole number or 'auto'.",
        "[business] ltv_days: found 9000; expected 730 or less.",
        "[business] lead_days: found 1.5; expected a whole number.",
        "[business.bands]: found low = 0.9 and high = 0.2; expected low below high.",
        "[business.rfm] recency: found 'often'; expected a number.",
        "folder: unknown key; the nearest is 'orders'.",
    ]


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("churn_days = 0", "[business] churn_days: found 0; expected 1 or more or 'auto'."),
        ("churn_days = true", "[business] churn_days: found True; expected a whole number or 'auto'."),
        ("ltv_days = []", "[business] ltv_days: found []; expected at least one horizon in days."),
        ("ltv_days = 30", "[business] ltv_days: found 30; expected a list in square brackets."),
        ("lead_days = -1", "[business] lead_days: found -1; expected 0 or more."),
        ("max_feature_age_days = 0", "[business] max_feature_age_days: found 0; expected 1 or more."),
        ("bands = 0.3", "[business.bands]: found 0.3; expected a section of keys."),
        ("bands = { low = nan, high = 0.5 }", "[business.bands] low: found nan; expected 1 or less."),
        ("bands = { high = 0.3 }", "[business.bands]: found low = 0.3 and high = 0.3; expected low below high."),
        ("bands = { lo = 0.5 }", "[business.bands] lo: unknown key; the nearest is 'low'."),
    ],
)
def test_what_the_business_cannot_mean(tmp_path: Path, said: str, answer: str) -> None:
    assert config_errors(tmp_path, SMALLEST + f"[business]\n{said}") == [answer]


def test_an_unknown_key_that_resembles_none_is_shown_them_all(tmp_path: Path) -> None:
    (answer,) = config_errors(tmp_path, SMALLEST + "[business]\nweather = 'fair'")
    assert answer == (
        "[business] weather: unknown key; remove it, or use one of bands, churn_days, churn_rules, "
        "consent_defaults, lead_days, lifecycle, ltv_days, max_feature_age_days, preset_segments, rfm, segments, value_tiers."
    )


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("lapsed = {}", ".lapsed]: found no condition; expected no_contact_days, no_order_days, or both."),
        ("lapsed = { no_order_days = 0 }", ".lapsed] no_order_days: found 0; expected 1 or more."),
        ("lapsed = { no_order_days = -3 }", ".lapsed] no_order_days: found -3; expected 1 or more."),
        ("lapsed = { no_order_days = 99999 }", ".lapsed] no_order_days: found 99999; expected 36,500 or less."),
        ("lapsed = { no_order_days = 2.5 }", ".lapsed] no_order_days: found 2.5; expected a whole number."),
        ("lapsed = { no_order_days = true }", ".lapsed] no_order_days: found True; expected a whole number."),
        (
            "'no order, 3 days' = { no_order_day = 3 }",
            ".\"no order, 3 days\"] no_order_day: unknown key; the nearest is 'no_order_days'.",
        ),
        (
            "lapsed = { weather = 3, no_order_days = 3 }",
            ".lapsed] weather: unknown key; remove it, or use one of no_contact_days, no_order_days.",
        ),
        ("lapsed = 30", ".lapsed]: found 30; expected a section of keys."),
        (
            "'' = { no_order_days = 3 }",
            "]: found a rule named ''; expected a name of 1 to 80 printable characters, no blanks around it.",
        ),
    ],
)
def test_what_cannot_be_a_rule_for_who_has_lapsed(tmp_path: Path, said: str, answer: str) -> None:
    assert config_errors(tmp_path, SMALLEST + f"[business.churn_rules]\n{said}") == [f"[business.churn_rules{answer}"]


def test_rules_are_a_section_and_not_a_number(tmp_path: Path) -> None:
    (answer,) = config_errors(tmp_path, SMALLEST + "[business]\nchurn_rules = 30")
    assert answer == "[business.churn_rules]: found 30; expected a section of keys."


def test_horizons_are_put_in_order_and_said_once(tmp_path: Path) -> None:
    assert read_text(tmp_path, SMALLEST + "[business]\nltv_days = [90, 30, 90]").business.ltv_days == (30, 90)


def test_a_kind_said_twice_in_one_list_is_one_kind(tmp_path: Path) -> None:
    events = '[events]\npath = "e"\ncustomer_id = "c"\nhappened_at = "t"\nkind = "k"\nsocial = ["post", "post"]'
    said = read_text(tmp_path, SMALLEST + events)
    assert said.events is not None
    assert said.events.social == ("post",)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = write_config(tmp_path, SMALLEST)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_shop_config(path).name == "corner-shop"


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as refused:
        read_shop_config(tmp_path / "flywheel.toml")
    assert str(refused.value) == (
        f"No description at {tmp_path / 'flywheel.toml'}. Expected a flywheel.toml that says where the log is. "
        "Write one (the README shows how), or name it with --config."
    )


@pytest.mark.parametrize("text", [b"name = corner", b"name = '\xe9'"])
def test_what_is_no_toml_says_which_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "flywheel.toml").write_bytes(text)
    with pytest.raises(InvalidConfig, match=r"flywheel\.toml is not TOML: .* Mend that line\.$"):
        read_shop_config(tmp_path / "flywheel.toml")


def test_the_fingerprint_changes_with_what_is_said_and_not_with_where(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    here = read_text(tmp_path, SMALLEST).fingerprint
    assert read_text(tmp_path / "elsewhere", SMALLEST + "# a comment").fingerprint == here
    assert read_text(tmp_path, SMALLEST.replace("corner", "other")).fingerprint != here


def test_a_redemption_is_an_event_that_is_listed(tmp_path: Path) -> None:
    said = dedent(EVERY_KEY).replace('redemptions = ["coupon_redeemed"]', 'redemptions = ["coupon_reedemed"]')
    (tmp_path / "flywheel.toml").write_text(said)
    with pytest.raises(
        InvalidConfig, match="found coupon_reedemed in redemptions but in neither behaviour nor social; list them"
    ):
        read_shop_config(tmp_path / "flywheel.toml")
