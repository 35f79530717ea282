"""Header location: the record of a table that names its columns, after titles, blank records and other preamble."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from features.ingestion.files.read_options import ReadOptions

MAX_HEADER_RECORDS = 50  # a header stands within so many records

Cells = Sequence[str]
_BLANKS = " \t\r\n\v\f\xa0\ufeff"  # the last two are a fixed blank and a second byte order mark


def count_named_columns(record: Cells, options: ReadOptions) -> int:
    """How many keys of flywheel.toml a record has the column of."""
    cells = {cell.strip(_BLANKS).casefold() for cell in record}
    return sum(not columns.isdisjoint(cells) for columns in options.columns_without_case)


def locate_header(records: Sequence[Cells], options: ReadOptions) -> int:
    """The position of the header: the record with most of the configured columns, else the first of a stable width."""
    named = [count_named_columns(record, options) for record in records[:MAX_HEADER_RECORDS]]
    if max(named, default=0) == 0:
        return locate_table(records)
    return max(range(len(named)), key=lambda position: (named[position], len(records[position])))


def locate_table(records: Sequence[Cells]) -> int:
    """The position of the first record from which the number of values is stable."""
    filled = [position for position, record in enumerate(records) if any(cell.strip() for cell in record)]
    width = common_width(records)
    for position in filled[:MAX_HEADER_RECORDS]:
        if len(records[position]) == width or _differs_by_blank_values(records, position, width):
            return position
    return filled[0] if filled else 0


def common_width(records: Sequence[Cells]) -> int:
    """The most common number of values in a record; of one value where few records have more, for titles have one."""
    widths = Counter(len(record) for record in records if any(cell.strip() for cell in record))
    several = Counter({width: count for width, count in widths.items() if width > 1})
    counted = several if several.total() > 1 and 3 * several.total() >= widths.total() else widths
    return max(counted, key=lambda width: (counted[width], width), default=0)


def fit_header(header: Cells, body: Sequence[Cells]) -> list[str]:
    """The names of the columns, as many as the records below have values where the surplus ones are blank."""
    width = common_width(body) or len(header)
    if width > len(header) and _are_blank_beyond(body, len(header), width):
        return [*header, *[""] * (width - len(header))]
    if width < len(header) and not any(name.strip() for name in header[width:]):
        return list(header[:width])
    return list(header)


def unique_names(header: Cells) -> list[str]:
    """The names of the columns without outer blanks; a second one of the same name gets a number."""
    names: list[str] = []
    for position, column in enumerate(header):
        name = base_name = column.strip(_BLANKS) or f"column{position}"
        count = 1
        while name.lower() in {used.lower() for used in names}:
            count += 1
            name = f"{base_name}_{count}"
        names.append(name)
    return names


def _differs_by_blank_values(records: Sequence[Cells], position: int, width: int) -> bool:
    """Whether a record has fewer or more delimiters at its end than those below it, and no other values."""
    record = records[position]
    if len(record) > width > 1:
        return not any(cell.strip() for cell in record[width:])
    return 1 < len(record) < width and _are_blank_beyond(records[position + 1 :], len(record), width)


def _are_blank_beyond(body: Sequence[Cells], width: int, common: int) -> bool:
    rows = [record for record in body if len(record) == common]
    return bool(rows) and not any(cell.strip() for record in rows for cell in record[width:])
