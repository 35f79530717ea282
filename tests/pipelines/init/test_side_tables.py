from __future__ import annotations

from pathlib import Path

from tests.pipelines.init.drafting import draft_file, ingested_totals
from tests.pipelines.init.plain_exports import write_plain
from tests.pipelines.init.simulated_orders import Item, Order, simulate_orders, write_records

COLUMNS = {"order_id": "order", "customer_id": "customer", "ordered_at": "time", "amount": "amount"}
CUSTOMERS = [f"K{customer:04}" for customer in range(120)]


def test_a_file_of_consents_becomes_its_section(tmp_path: Path) -> None:
    orders = write_plain(tmp_path / "orders.csv", COLUMNS)
    consents = write_records(
        tmp_path / "consents.csv",
        "customer,purpose,channel,granted,changed_at",
        [
            {
                "customer": customer,
                "purpose": "newsletter",
                "channel": "email",
                "granted": "yes",
                "changed_at": "2026-01-01",
            }
            for customer in CUSTOMERS
        ],
    )
    section = draft_file([orders, consents], tmp_path).consents
    assert section is not None
    assert (section.customer_id, section.purpose, section.granted) == (("customer",), ("purpose",), ("granted",))
    assert (section.channel, section.changed_at) == (("channel",), ("changed_at",))
    assert section.purposes == {"newsletter": "marketing"}


def test_a_file_of_events_becomes_its_section_with_all_kinds(tmp_path: Path) -> None:
    orders = write_plain(tmp_path / "orders.csv", COLUMNS)
    kinds = ["app_open", "store_visit", "review", "coupon_redeemed"]
    events = write_records(
        tmp_path / "events.csv",
        "user,event_type,timestamp",
        [
            {"user": customer, "event_type": kind, "timestamp": "2026-02-03 10:00:00"}
            for customer in CUSTOMERS
            for kind in kinds
        ],
    )
    section = draft_file([events, orders], tmp_path).events
    assert section is not None
    assert (section.customer_id, section.kind, section.happened_at) == (("user",), ("event_type",), ("timestamp",))
    assert set(section.behaviour) == {"app_open", "store_visit", "coupon_redeemed"}
    assert (section.social, section.redemptions) == (("review",), ("coupon_redeemed",))


def test_a_file_of_replaced_ids_makes_one_customer_of_two(tmp_path: Path) -> None:
    def guest_at_first(order: Order, _: Item) -> str:
        return f"guest{order.customer}" if order.number < 1100 else f"K{order.customer:04}"

    orders = write_plain(tmp_path / "orders.csv", {**COLUMNS, "customer_id": guest_at_first})
    aliases = write_records(
        tmp_path / "aliases.csv",
        "old_id,new_id",
        [{"old_id": f"guest{customer}", "new_id": f"K{customer:04}"} for customer in range(120)],
    )
    config = draft_file([orders, aliases], tmp_path)
    customers = len({order.customer for order in simulate_orders()})
    assert ingested_totals(config, tmp_path / "history").customers == customers
