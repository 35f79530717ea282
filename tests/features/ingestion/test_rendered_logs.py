"""Rendered logs: a log means the same in whatever format its amounts and dates are written, once the keys say which."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given
from hypothesis import strategies as st

from tests.logs import FEW_EXAMPLES, Key, canonical_rows, ingest_keys

FIRST, LAST = datetime.fromisoformat("2019-01-01"), datetime.fromisoformat("2026-01-31")
EPOCH, EXCEL_EPOCH = datetime.fromisoformat("1970-01-01"), datetime.fromisoformat("1899-12-30")
Lines = list[tuple[datetime, Decimal]]


@dataclass(frozen=True)
class Rendering:
    """How an export writes amounts and dates."""

    decimal: str
    thousands: str
    sign: str  # a pattern of the number
    minus: str  # a pattern of the positive amount
    date_format: str

    @property
    def keys(self) -> dict[str, Key]:
        return {"decimal": self.decimal, "thousands": self.thousands, "date_format": self.date_format}

    def amount(self, value: Decimal) -> str:
        digits = f"{abs(value):,.2f}".replace(",", "T").replace(".", self.decimal).replace("T", self.thousands)
        return (self.minus if value < 0 else "{}").format(self.sign.format(digits))

    def date(self, moment: datetime) -> str:
        if self.date_format == "excel":
            return f"{(moment - EXCEL_EPOCH).total_seconds() / 86400:.6f}"
        if self.date_format.startswith("epoch"):
            return str(int((moment - EPOCH).total_seconds() * (1000 if self.date_format == "epoch_ms" else 1)))
        return moment.strftime(self.date_format)


renderings = st.builds(
    Rendering,
    st.sampled_from(".,"),
    st.sampled_from(["", " ", "'", ",", "."]),
    st.sampled_from(["{}", "£{}", "{} GBP", "\u00a0{} "]),
    st.sampled_from(["-{}", "({})", "{}-", "\u2212{}"]),
    st.sampled_from(["%d.%m.%Y %H:%M:%S", "%m/%d/%y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "excel", "epoch_s", "epoch_ms"]),
).filter(lambda rendering: rendering.decimal != rendering.thousands)
order_lines = st.lists(
    st.tuples(
        st.datetimes(FIRST, LAST).map(lambda moment: moment.replace(microsecond=0)),
        st.decimals(Decimal(-99_999), Decimal(9_999_999), places=2),
    ),
    min_size=1,
    max_size=20,
)


def history_of_file(log: str, **keys: Key) -> list[tuple[object, ...]]:
    with TemporaryDirectory() as folder:
        ingest_keys(Path(folder), log, keys)
        return canonical_rows(Path(folder), "customer_id", "ordered_at", "amount")


@FEW_EXAMPLES
@given(lines=order_lines, rendering=renderings)
def test_a_rendered_log_with_its_keys_gives_the_history_of_the_plain_log(lines: Lines, rendering: Rendering) -> None:
    plain = "".join(f"c{line}|{moment}|{amount}\n" for line, (moment, amount) in enumerate(lines))
    rendered = "".join(
        f"c{line}|{rendering.date(moment)}|{rendering.amount(amount)}\n" for line, (moment, amount) in enumerate(lines)
    )
    expected = history_of_file(f"customer|at|amount\n{plain}", decimal=".")
    assert history_of_file(f"customer|at|amount\n{rendered}", **rendering.keys) == expected
