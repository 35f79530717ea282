"""Table format: where the files of a table are, how they are written, and which of their lines count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from features.config.base import ConfigModel

NameList = Annotated[tuple[str, ...], Strict(False)]  # noqa: FBT003 -- TOML has lists only, and a frozen section tuples


def _as_tuple(columns: object) -> object:
    if isinstance(columns, str):
        return (columns,)
    if not isinstance(columns, list | tuple) or not columns or not all(isinstance(name, str) for name in columns):
        raise ValueError(f"found {columns!r}; expected text in quotes, or a list of such texts in square brackets")
    return tuple(columns)


Columns = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
"""A column, an expression where one is allowed, or several tried in turn: the first that has a value counts."""
RowFilter = Mapping[str, NameList]


def _check_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(
            f"found {name!r}; expected an encoding such as 'utf-8', 'utf-16', 'cp1252', 'gb18030' or 'shift_jis'"
        ) from None
    return name


TextEncoding = Annotated[str, AfterValidator(_check_encoding)]


class BadLines(ConfigModel):
    """How many lines of a table may be unreadable before the whole table is refused."""

    at_most: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of all lines that may be set aside, such as 0.01; they are listed in `rejected.csv` with a reason."""


def _as_bad_lines(section: object) -> object:
    return {"at_most": section} if isinstance(section, float) else section


class Join(ConfigModel):
    """A further file whose columns are joined to the lines of a table."""

    path: str = Field(min_length=1)
    """The file or files, as in `path` of the table."""
    key: Columns
    """The column that names the same row in both, or several that do so together; `"a = b"` where column `a` of the
    table is `b` in this file. Outer blanks do not count, and `18.0` is `18`."""
    columns: NameList = ()
    """The columns to take; without it all of them. A column whose name the table has already is read under the name of
    its file, such as `order_items.price`."""
    sheet: str | None = None
    """The sheet of a workbook; without it the first."""
    encoding: TextEncoding | None = None
    """The text encoding, as in the table."""


class TableFormat(ConfigModel):
    """A table of the raw log: where its files are, how they are written and which of their lines count."""

    path: str = Field(min_length=1)
    """A file, a glob or the address of a table, relative to `flywheel.toml`: delimited text, JSON lines, a workbook
    or parquet, also in gz, zip or zst, recognised by its first bytes. Titles above the header, headers inside a file
    and total rows are left out, with a note."""
    sheet: str | None = None
    """The sheet of a workbook, or the member of a zip; without it the first sheet that has the configured columns, and
    all members. `path = "orders.xlsx#Sheet1"` means the same."""
    encoding: TextEncoding | None = None
    """The text encoding, such as `cp1252`, `gb18030` or `utf-16`; without it, it is found by trial: a byte order mark,
    UTF-8, then the encoding in which the text reads like names and words, with a note."""
    has_header: bool = True
    """Whether the file names its columns; otherwise they are `column0`, `column1` and so on."""
    date_format: Columns | None = None
    """How dates are written, or several ways tried in turn: strptime codes such as `%d.%m.%Y %H:%M` (`%y` for a year of
    two digits), `epoch_s`, `epoch_ms`, `excel` or `iso`; without it, it is found where all dates can be read in one way
    only."""
    decimal: Literal[".", ","] | None = None
    """The decimal mark of numbers; without it, it is found where all numbers can be read in one way only."""
    thousands: Literal[",", ".", " ", "'", ""] | None = None
    """The mark between thousands; without it, it is found as the decimal mark is."""
    include: RowFilter = Field(default={})
    """Columns and values: only lines whose column has one of the values count, such as `{ Status = ["paid"] }`. Case
    and outer blanks do not count; `""` is a missing value."""
    exclude: RowFilter = Field(default={})
    """Columns and values: lines whose column has one of the values do not count, such as `{ Test = ["yes"] }`."""
    bad_lines: Annotated[BadLines, BeforeValidator(_as_bad_lines)] = BadLines()
    """How many unreadable lines are set aside instead of refusing the table; `bad_lines = 0.01` is the same as
    `bad_lines = { at_most = 0.01 }`."""
    join: Annotated[tuple[Join, ...], Strict(False)] = ()  # noqa: FBT003 -- a list in TOML
    """Further files whose columns are joined to the lines, as `[[orders.join]]`."""
