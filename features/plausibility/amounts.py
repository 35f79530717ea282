"""Amounts: values that no shop takes, or that were read in another unit than they were written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from features.history import History
from features.plausibility_note import PlausibilityNote
from features.wording import count_of, lines_are

LEVEL, MULTIPLE = 0.999, 1000
MIN_LINES = 30
THREE_DECIMALS_SHARE = 0.6  # of the amounts, one in ten ends in a zero and seems to have two
MAX_NEGATIVE_SHARE = 0.5
THREE_DECIMAL_CURRENCIES = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})
UNTIL_THEN = "until then no prediction rests on more than a plausible amount"


def amount_notes(known: History, currency: str) -> Iterator[PlausibilityNote]:
    """Notes on the amounts of order lines; none where the shop has no amounts."""
    if not known.has_amounts:
        return
    found = _measure(known)
    if not found["lines"]:
        return
    yield from _large_notes(known, found)
    yield from _sign_notes(found)
    if found["lines"] < MIN_LINES:
        return
    if currency not in THREE_DECIMAL_CURRENCIES and found["three_decimals"] > THREE_DECIMALS_SHARE * found["nonzero"]:
        yield PlausibilityNote(
            "amounts_three_decimals",
            "warning",
            f"{found['three_decimals']:,} of {count_of(found['nonzero'], 'amount')} have three decimals",
            f"amounts in {currency}, with two decimals at most",
            'If 1.234 means one thousand, set decimal = "," and thousands = "." in [orders]',
            found["three_decimals"],
            f"{found['example']:.3f}",
        )
    if found["least"] == found["greatest"]:
        yield PlausibilityNote(
            "amounts_equal",
            "info",
            f"All {found['lines']:,} order lines have the amount {found['least']:,.2f}",
            "amounts that differ",
            "Check that amount names the column of the amount paid",
            found["lines"],
        )


def _measure(known: History) -> Mapping[str, Any]:
    amount = known.lines.amount
    thousandths = (amount * 1000).cast("int64")
    is_whole, has_third = thousandths == amount * 1000, thousandths % 10 != 0
    size = (amount != 0).ifelse(amount.abs().cast("float64"), None)
    found = known.lines.aggregate(
        lines=amount.count(),
        nonzero=(amount != 0).sum(),
        negative=(amount < 0).sum(),
        three_decimals=(is_whole & has_third).sum(),
        example=amount.max(where=is_whole & has_third),
        least=amount.min(),
        greatest=amount.max(),
        largest=size.max(),
        all_sizes=size.sum(),
    )
    measured: Mapping[str, Any] = found.to_pyarrow().to_pylist()[0]
    return measured


def _large_notes(known: History, found: Mapping[str, Any]) -> Iterator[PlausibilityNote]:
    if not found["nonzero"]:
        return
    typical = _level(known, found["nonzero"])
    outweighs = found["nonzero"] >= MIN_LINES and 2 * found["largest"] > found["all_sizes"]
    if found["largest"] <= MULTIPLE * typical and not outweighs:
        return
    giant = int((known.lines.amount.abs().cast("float64") > MULTIPLE * typical).sum().to_pyarrow().as_py())
    if giant:
        text = (
            f"{lines_are(giant)} above {MULTIPLE:,} times the 99.9th percentile of amounts, {typical:,.2f}; the "
            f"largest is {found['largest']:,.2f}"
        )
    else:
        text = f"One order line of {found['largest']:,.2f} is more than all others together"
    yield PlausibilityNote(
        "amount_outweighs",
        "warning",
        text,
        "amounts of one currency and one decimal mark",
        f"Correct them; {UNTIL_THEN}",
        max(giant, 1),
    )


def _level(known: History, nonzero: int) -> float:
    """The size of amount that 99.9 % of the sizes other than 0 do not exceed; never the largest of several."""
    sizes = known.lines.filter(known.lines.amount != 0).select(size=known.lines.amount.abs().cast("float64"))
    from_the_top = nonzero - 1 - int(LEVEL * (nonzero - 1))
    level = sizes.order_by(sizes["size"].desc()).limit(1, offset=from_the_top).to_pyarrow()
    return float(level["size"][0].as_py())


def _sign_notes(found: Mapping[str, Any]) -> Iterator[PlausibilityNote]:
    if found["negative"] > MAX_NEGATIVE_SHARE * found["nonzero"]:
        yield PlausibilityNote(
            "amounts_mostly_negative",
            "warning",
            f"{found['negative']:,} of {count_of(found['nonzero'], 'amount')} are negative",
            "more sales than returns",
            "If the export writes sales as negative amounts, turn the sign of the column",
            found["negative"],
        )
