"""Shop configuration: a valid flywheel.toml is read as an object, and an invalid one lists all its faults at once."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from features.config.shop import read_shop_config
from features.errors import InvalidConfig
from tests.features.config.config_files import MINIMAL, config_errors, read_text, write_config

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


def test_a_shop_may_say_everything_there_is_to_say(tmp_path: Path) -> None:
    config = read_text(tmp_path, EVERY_KEY)
    assert config.orders.amount == ("Quantity * UnitPrice",)
    assert config.orders.anonymous == ("(Anonymous)",)
    assert config.events is not None
    assert config.events.social == ("post", "comment", "share", "referral")
    assert config.touches is not None
    assert config.consents is not None
    assert config.costs is not None
    assert config.business.rfm.monetary == (100, 500)
    assert {name: dict(rule.conditions) for name, rule in config.business.churn_rules.items()} == {
        "no contact for 3 days": {"no_contact_days": 3},
        "lapsed": {"no_contact_days": 30, "no_order_days": 182},
    }
    assert config.business.churn_rules["lapsed"].max_inactive_days == 182
    assert config.folder == tmp_path


def test_a_shop_may_say_only_where_its_orders_are(tmp_path: Path) -> None:
    config = read_text(tmp_path, MINIMAL)
    assert config.orders.amount is None
    assert config.orders.duplicates == "keep"
    assert config.business.churn_days == "auto"
    assert config.business.ltv_days == (30, 90, 365)
    assert config.events is None
    assert not config.business.churn_rules


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
        "[orders] has_header: found 'yes'; expected true or false.",
        "[orders] customer_id: missing; add it.",
        "[orders] anonymous: found 'nobody'; expected a list in square brackets.",
        "[orders] ordered_at: found 5; expected text in quotes, or a list of such texts in square brackets.",
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
    ("toml", "expected"),
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
def test_what_the_business_cannot_mean(tmp_path: Path, toml: str, expected: str) -> None:
    assert config_errors(tmp_path, MINIMAL + f"[business]\n{toml}") == [expected]


def test_an_unknown_key_that_resembles_none_is_shown_them_all(tmp_path: Path) -> None:
    (error,) = config_errors(tmp_path, MINIMAL + "[business]\nweather = 'fair'")
    assert error == (
        "[business] weather: unknown key; remove it, or use one of bands, churn_days, churn_rules, "
        "consent_defaults, global_holdout, lead_days, lifecycle, ltv_days, max_feature_age_days, north_star, "
        "preset_segments, rfm, segments, value_tiers."
    )


def test_horizons_are_put_in_order_and_said_once(tmp_path: Path) -> None:
    assert read_text(tmp_path, MINIMAL + "[business]\nltv_days = [90, 30, 90]").business.ltv_days == (30, 90)


def test_a_kind_said_twice_in_one_list_is_one_kind(tmp_path: Path) -> None:
    events = '[events]\npath = "e"\ncustomer_id = "c"\nhappened_at = "t"\nkind = "k"\nsocial = ["post", "post"]'
    config = read_text(tmp_path, MINIMAL + events)
    assert config.events is not None
    assert config.events.social == ("post",)


def test_a_file_saved_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    path = write_config(tmp_path, MINIMAL)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_shop_config(path).name == "corner-shop"


def test_a_missing_file_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidConfig) as error:
        read_shop_config(tmp_path / "flywheel.toml")
    assert str(error.value) == (
        f"No configuration at {tmp_path / 'flywheel.toml'}. Expected a flywheel.toml that says where the log is. "
        "Write one with `flywheel init FILE`, or name it with --config."
    )


@pytest.mark.parametrize("text", [b"name = corner", b"name = '\xe9'"])
def test_what_is_no_toml_says_which_line(tmp_path: Path, text: bytes) -> None:
    (tmp_path / "flywheel.toml").write_bytes(text)
    with pytest.raises(InvalidConfig, match=r"flywheel\.toml is not TOML: .* Correct that line\.$"):
        read_shop_config(tmp_path / "flywheel.toml")


def test_the_fingerprint_changes_with_what_is_said_and_not_with_where(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    fingerprint = read_text(tmp_path, MINIMAL).fingerprint
    assert read_text(tmp_path / "elsewhere", MINIMAL + "# a comment").fingerprint == fingerprint
    assert read_text(tmp_path, MINIMAL.replace("corner", "other")).fingerprint != fingerprint


def test_a_redemption_is_an_event_that_is_listed(tmp_path: Path) -> None:
    toml = dedent(EVERY_KEY).replace('redemptions = ["coupon_redeemed"]', 'redemptions = ["coupon_reedemed"]')
    (tmp_path / "flywheel.toml").write_text(toml)
    with pytest.raises(
        InvalidConfig, match="found coupon_reedemed in redemptions but in neither behaviour nor social; list them"
    ):
        read_shop_config(tmp_path / "flywheel.toml")
