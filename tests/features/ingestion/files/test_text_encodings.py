"""Text encodings: what is not UTF-8 is read as what it is, with a note, and never as nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.errors import InvalidLog
from tests.features.ingestion.files.reading import CSV, HEADER, read_source

GERMAN = ["Käthe Müller", "Jürgen Groß", "Zoë Schön"]
FRENCH = ["Hélène Brontë", "François Lefèvre", "Société Générale"]
SWEDISH = ["Åsa Öberg", "Jörgen Ängström", "Malmö"]
PORTUGUESE = ["João Conceição", "Avó", "São Paulo"]
CAPITALS = ["MÜLLER", "JÜRGENS", "ÉCOLE"]
SYMBOLS = ["café – “new”", "12 € off", "5 £"]  # noqa: RUF001 -- the symbols themselves
CHINESE = ["王伟", "李娜", "北京市朝阳区"]
RARE_CHINESE = ["龚喆", "郜鑫淼", "张三"]
GENDERS = ["男", "女", "男"]
JAPANESE = ["田中太郎", "さくら", "クレジットカード"]
HALF_WIDTH = ["ﾔﾏﾀﾞ ﾀﾛｳ", "ｻﾄｳ", "ｽｽﾞｷ ﾊﾅｺ"]
RUSSIAN = ["Иван Петров", "Москва", "АННА"]  # noqa: RUF001 -- Cyrillic is meant
TAIWANESE = ["王小明", "陳怡君", "臺北市"]
KOREAN = ["김철수", "이영희", "주문번호"]
POLISH = ["Łukasz Żak", "Świątek", "Zięba"]


def _log(customers: list[str]) -> str:
    lines = [f"{customer},2026-01-{day:02},9.50\n" for day, customer in enumerate(customers, 1)]
    return "customer,at,amount\n" + "".join(lines)


@pytest.mark.parametrize(
    ("codec", "customers"),
    [
        *(("cp1252", names) for names in (GERMAN, FRENCH, SWEDISH, PORTUGUESE, CAPITALS, SYMBOLS, ["Müller"])),
        *(("gb18030", names) for names in (CHINESE, RARE_CHINESE, GENDERS, ["张三"])),
        *(("cp932", names) for names in (JAPANESE, HALF_WIDTH, GENDERS, ["田中太郎"])),
        ("cp1251", RUSSIAN),
        ("big5", TAIWANESE),
        ("euc_kr", KOREAN),
        ("cp1250", POLISH),
        ("utf-16-le", GERMAN),
        ("utf-16-be", CHINESE),
    ],
)
def test_another_encoding_is_found_by_trial_and_noted(tmp_path: Path, codec: str, customers: list[str]) -> None:
    (tmp_path / "orders.csv").write_bytes(_log(customers).encode(codec))
    source = read_source(tmp_path, "orders.csv")
    assert [row[0] for row in source.rows] == customers
    (note,) = source.notes
    assert (note.code, note.severity, note.count) == ("encoding_guessed", "info", len(customers))
    lines = "1 line needs" if len(customers) == 1 else f"{len(customers)} lines need"
    assert note.found == f"orders.csv is not UTF-8; it is read as {codec}, which {lines}"
    assert note.example in customers[0]
    assert not note.example.isascii()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("customers", [GERMAN, CHINESE, ["ann"]])
def test_unicode_needs_no_guess(tmp_path: Path, codec: str, customers: list[str]) -> None:
    (tmp_path / "orders.csv").write_bytes(_log(customers).encode(codec))
    source = read_source(tmp_path, "orders.csv")
    assert (source.columns, [row[0] for row in source.rows], source.notes) == (HEADER, customers, ())


@pytest.mark.parametrize("codec", ["cp1252", "cp932", "gb18030"])
def test_the_encoding_of_flywheel_toml_wins(tmp_path: Path, codec: str) -> None:
    (tmp_path / "orders.csv").write_bytes(_log(["Kunde", "ﾔﾏﾀﾞ"]).encode("cp932"))
    source = read_source(tmp_path, "orders.csv", encoding=codec)
    assert source.notes == ()
    assert source.rows[1][0] == "ﾔﾏﾀﾞ".encode("cp932").decode(codec)


def test_a_name_late_in_a_long_file_decides_its_encoding(tmp_path: Path) -> None:
    log = CSV + "ann,2026-01-31,1\n" * 20_000 + "Jürgen,2026-02-01,1\n"
    (tmp_path / "orders.csv").write_bytes(log.encode("cp1252"))
    source = read_source(tmp_path, "orders.csv")
    assert len(source.rows) == 20_003
    assert ("Jürgen", "2026-02-01", "1") in source.rows
    assert source.notes[0].count == 1


def test_a_damaged_byte_in_utf_8_is_a_damaged_line_and_no_other_encoding(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(_log(GERMAN * 3).encode() + b"M\xfcller,2026-01-31,1\n")
    with pytest.raises(InvalidLog, match=r"^orders.csv, line 11: its bytes are not utf-8, in 'M.*ller,2026-01-31,1'. "):
        read_source(tmp_path, "orders.csv")


def test_the_encoding_that_flywheel_toml_names_may_not_fit(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(_log(GERMAN).encode("cp1252"))
    with pytest.raises(InvalidLog, match=r"^orders.csv, line 2: its bytes are not utf-8, in .*, and 2 further lines. "):
        read_source(tmp_path, "orders.csv", encoding="UTF-8")


def test_bytes_that_are_no_writing_are_refused_with_the_key_to_set(tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_bytes(b"customer,at\n" + bytes(range(0x80, 0xA0)) * 9 + b",2026-01-31\n")
    with pytest.raises(InvalidLog, match=r"^orders.csv: its text is not UTF-8, and no other .*: set `encoding` to the"):
        read_source(tmp_path, "orders.csv")
