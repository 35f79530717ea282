"""Order histories: a small log, ingested into the home of a shop of fakes."""

from __future__ import annotations

from pathlib import Path

from tests.logs import Key, Keys, ingest_log

LOG = """customer,at,order,amount,kind
ann,2026-07-31 23:30,1,10.10,tea
ann,2026-07-31 23:30,1,5,wine
ann,2026-09-02 10:00,2,20,tea
ann,2026-09-20 10:00,2,-4.5,tea
ann,2026-10-05 10:00,3,7,
ann,2026-11-20 10:00,4,30,wine
ann,2026-11-25 10:00,5,99,wine
bob,2026-08-01 00:10,6,1,tea
"""


def write_history(home: Path, log: str = LOG, **orders: Key) -> None:
    """Ingest a log of a shop in Amsterdam into a home."""
    home.mkdir(exist_ok=True)
    keys: Keys = {"order_id": "order", "category": "kind", **orders}
    ingest_log(home, log, zone="Europe/Amsterdam", **keys)  # type: ignore[arg-type]  # no key is called zone or events
