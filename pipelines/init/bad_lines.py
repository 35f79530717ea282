"""Bad lines: a few dates or numbers of the sample that cannot be read, which are set aside instead of refusing all."""

from __future__ import annotations

import math

from features.wording import count_of
from pipelines.init.choice import Choice
from pipelines.init.orders_draft import OrdersDraft


def bad_lines_choice(orders: OrdersDraft) -> list[Choice]:
    """The choice for bad_lines, or none where all values of the sample can be read."""
    profiles = orders.table.profiles
    faults = {column: profiles[column].unreadable_dates for column in orders.time_columns[:1]}
    faults |= {column: profiles[column].unreadable_numbers for column in orders.number_columns}
    examples = {column: values[0] for column, values in faults.items() if values}
    if not examples:
        return []
    lines = sum(profiles[column].counts[value] for column, values in faults.items() for value in values)
    share = lines / max(len(next(iter(profiles.values())).texts), 1)
    listed = ", ".join(f"{value!r} in '{column}'" for column, value in examples.items())
    at_most = max(0.01, math.ceil(200 * share) / 100)
    verb = "is" if lines == 1 else "are"
    question = f"{count_of(lines, 'line')} of the sample {verb} set aside, such as with {listed}: can you correct it?"
    return [
        Choice("bad_lines", {"at_most": at_most}, "lines that cannot be read are listed in rejected.csv", (question,))
    ]
