"""Workbook: one sheet of an xlsx, xls, xlsb or ods file as text columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from features.errors import InvalidLog
from features.ingestion.files.file_scan import FileScan
from features.ingestion.files.header_location import (
    MAX_HEADER_RECORDS,
    count_named_columns,
    locate_header,
    unique_names,
)
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.spill import new_copy
from features.ingestion.files.text_file import preamble_note
from features.ingestion.files.text_table import write_rows
from features.plausibility_note import PlausibilityNote

_SIGNIFICANT_DIGITS = 15  # of a number in a spreadsheet

Row = list[str]


@dataclass(frozen=True)
class _Sheet:
    """A sheet, its filled rows as text, and how many configured columns its best row has."""

    name: str
    rows: list[Row]
    named_columns: int


def scan_workbook(file: Path, options: ReadOptions) -> tuple[FileScan, tuple[str, ...]]:
    """The scan of a sheet, and its header; without ``sheet`` it is the first with most of the configured columns.

    Raises:
        InvalidLog: the workbook cannot be opened, or has no such sheet, or the sheet is empty.
    """
    sheet, notes = _choose_sheet(file, _open_workbook(file), options)
    if not sheet.rows:
        raise InvalidLog(
            f"{file.name}: the sheet {sheet.name!r} is empty. Expected a table: set `sheet` to another one."
        )
    position = locate_header([_trim(row) for row in sheet.rows], options) if options.has_header else -1
    header = _trim(sheet.rows[position]) if options.has_header else []
    body = sheet.rows[position + 1 :]
    width = max([len(header), *(len(_trim(row)) for row in body)])
    names = [*header, *[""] * (width - len(header))]
    columns = unique_names(names) if options.has_header else [f"column{position}" for position in range(width)]
    if preamble := [" ".join(_trim(row)) for row in sheet.rows[: max(position, 0)]]:
        notes = [*notes, preamble_note(file, preamble)]
    target = new_copy(file, options.spill)
    reader = write_rows(([cell or None for cell in row[:width]] for row in body), columns, target)
    return FileScan(target, reader, tuple(notes)), tuple(names if options.has_header else ())


def _open_workbook(file: Path) -> CalamineWorkbook:
    try:
        # From a path it would go by the name.
        with file.open("rb") as content:
            return CalamineWorkbook.from_filelike(content)
    except PasswordError:
        raise InvalidLog(f"{file.name} has a password. Expected a workbook without one: save it without.") from None
    except CalamineError as error:
        raise InvalidLog(
            f"{file.name} cannot be read as a workbook: {error}. Save it again as xlsx, or as csv."
        ) from None


def _choose_sheet(
    file: Path, workbook: CalamineWorkbook, options: ReadOptions
) -> tuple[_Sheet, list[PlausibilityNote]]:
    names = workbook.sheet_names
    if options.sheet is not None:
        if options.sheet not in names:
            raise InvalidLog(
                f"{file.name}: no sheet {options.sheet!r}. Sheets found: {', '.join(names)}. "
                "Set `sheet` to one of these."
            )
        return _read_sheet(workbook, options.sheet, options), []
    sheets = [_read_sheet(workbook, name, options) for name in names]
    filled = [sheet for sheet in sheets if sheet.rows] or sheets
    chosen = max(filled, key=lambda sheet: sheet.named_columns)
    alike = [sheet for sheet in filled if sheet is not chosen and 0 < sheet.named_columns == chosen.named_columns]
    if alike:
        return chosen, [_unread_note(file, chosen, alike)]
    return chosen, [_chosen_note(file, chosen, names)] if len(filled) > 1 else []


def _read_sheet(workbook: CalamineWorkbook, name: str, options: ReadOptions) -> _Sheet:
    rows = [[_cell_text(cell) for cell in row] for row in workbook.get_sheet_by_name(name).to_python()]
    rows = [row for row in rows if any(row)]
    named = max((count_named_columns(row, options) for row in rows[:MAX_HEADER_RECORDS]), default=0)
    return _Sheet(name, rows, named)


def _cell_text(cell: object) -> str:
    """A cell as text: dates in ISO form, whole numbers without a fraction, others with the digits of a spreadsheet."""
    match cell:
        case bool():
            return str(cell).lower()
        case float():
            return str(int(cell)) if cell.is_integer() else format(cell, f".{_SIGNIFICANT_DIGITS}g")
        case datetime():
            return _instant_text(cell)
        case date() | time():
            return cell.isoformat()
        case timedelta():
            minutes, seconds = divmod(round(cell.total_seconds()), 60)
            return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return str(cell).strip()


def _instant_text(instant: datetime) -> str:
    # A spreadsheet's instants are days as floating point, off by microseconds.
    rounded = (instant + timedelta(microseconds=500)).replace(microsecond=0)
    exact = rounded if abs(rounded - instant) < timedelta(milliseconds=1) else instant
    return exact.date().isoformat() if exact.time() == time() else exact.isoformat(sep=" ")


def _trim(row: Sequence[str]) -> Row:
    """A row without the blank cells at its end."""
    width = max((position for position, cell in enumerate(row, 1) if cell), default=0)
    return list(row[:width])


def _chosen_note(file: Path, chosen: _Sheet, names: Sequence[str]) -> PlausibilityNote:
    return PlausibilityNote(
        "sheet_chosen",
        "info",
        f"{file.name} has {len(names)} sheets; {chosen.name!r} is read",
        "one sheet, or `sheet` in flywheel.toml",
        f"Set `sheet` to one of {', '.join(names)}",
        len(names),
        chosen.name,
    )


def _unread_note(file: Path, chosen: _Sheet, alike: Sequence[_Sheet]) -> PlausibilityNote:
    others = ", ".join(sheet.name for sheet in alike)
    return PlausibilityNote(
        "sheets_unread",
        "warning",
        f"{file.name}: {chosen.name!r} is read, and {len(alike)} further sheets with the same columns are not",
        "the log in one sheet, or `sheet` in flywheel.toml",
        f"Put the lines of {others} into one sheet, or save each sheet as a file of its own and use a glob",
        len(alike),
        others,
    )
