"""Container: what a raw file is by its first bytes, whatever its name, and its unpacked members."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from enum import StrEnum
from io import BufferedIOBase
from pathlib import Path
from typing import IO

import zstandard

from features.errors import InvalidLog
from features.ingestion.files.read_options import ReadOptions
from features.ingestion.files.spill import new_copy

BinarySource = IO[bytes] | BufferedIOBase


class Container(StrEnum):
    """The kind of a file, by its first bytes."""

    GZIP = "gz"
    BZIP2 = "bz2"
    XZ = "xz"
    ZSTANDARD = "zst"
    ZIP = "zip"
    WORKBOOK = "workbook"
    PARQUET = "parquet"
    JSON = "JSON"
    TEXT = "text"


_CHUNK_BYTES = 1 << 20
_MAGIC = {
    b"\x1f\x8b": Container.GZIP,
    b"BZh": Container.BZIP2,
    b"\xfd7zXZ\x00": Container.XZ,
    b"\x28\xb5\x2f\xfd": Container.ZSTANDARD,
    b"PAR1": Container.PARQUET,
    b"\xd0\xcf\x11\xe0": Container.WORKBOOK,
    b"PK\x03\x04": Container.ZIP,
    b"PK\x05\x06": Container.ZIP,
}
_UNREADABLE = {
    b"SQLite format 3": 'a SQLite database; expected its address as `path = "sqlite://FILE#TABLE"`',
    b"%PDF": "a PDF document; expected a table: export it as csv or as a workbook",
    b"7z\xbc\xaf": "a 7z archive; expected zip, gz or zst: pack it again",
    b"Rar!": "a RAR archive; expected zip, gz or zst: pack it again",
    b"ARROW1": "an Arrow file; expected parquet: write it as parquet",
    b"Obj\x01": "an Avro file; expected parquet: write it as parquet",
}
_WORKBOOK_MEMBERS = ("xl/workbook.xml", "xl/workbook.bin", "content.xml")
_IGNORED_MEMBERS = ("__MACOSX/", ".")
_MARKUP = ("<!doctype html", "<html", "<table", "<?xml")


def detect_container(file: Path) -> Container:
    """The kind of a file.

    Raises:
        InvalidLog: it is of a kind that holds no table, or none that can be read.
    """
    with file.open("rb") as handle:
        head = handle.read(4096)
    for magic, advice in _UNREADABLE.items():
        if head.startswith(magic):
            raise InvalidLog(f"{file.name} is {advice}.")
    container = next((container for magic, container in _MAGIC.items() if head.startswith(magic)), Container.TEXT)
    if container is Container.ZIP and _is_workbook(file):
        return Container.WORKBOOK
    return _text_kind(file, head) if container is Container.TEXT else container


def unpack(file: Path, container: Container, options: ReadOptions) -> Iterator[Path]:
    """Write the members of a packed file to the spill folder, each under a name for people."""
    if container is Container.ZIP:
        yield from _unpack_zip(file, options)
        return
    with file.open("rb") as packed:
        yield _write_member(_CHUNKS[container](packed), file, options)


def _unpack_zip(file: Path, options: ReadOptions) -> Iterator[Path]:
    with zipfile.ZipFile(file) as archive:
        names = [info.filename for info in archive.infolist() if not info.is_dir()]
        names = [
            name for name in names if not name.startswith(_IGNORED_MEMBERS) and not _base_name(name).startswith(".")
        ]
        if options.sheet in names:
            names = [options.sheet]
        if not names:
            raise InvalidLog(f"{file.name} has no file in it. Expected a zip of csv, JSON lines or workbooks.")
        for name in names:
            shown_name = file.name if len(names) == 1 else f"{file.name}#{name.replace('/', '_')}"
            try:
                yield _write_member(_chunks(archive.open(name)), file.with_name(shown_name), options)
            except RuntimeError as error:  # a password
                raise InvalidLog(f"{file.name}: {error}. Expected a zip without a password: unpack it.") from None


def _write_member(content: Iterator[bytes], shown: Path, options: ReadOptions) -> Path:
    target = new_copy(shown, options.spill)
    with target.open("wb") as output:
        output.writelines(content)
    return target


def _chunks(source: AbstractContextManager[BinarySource]) -> Iterator[bytes]:
    with source as content:
        while chunk := content.read(_CHUNK_BYTES):
            yield chunk


def _zstandard_chunks(packed: IO[bytes]) -> Iterator[bytes]:
    """The content of a zst file of one frame or several; the library's own reader takes a cut file for a whole one."""
    frame = None
    while chunk := packed.read(_CHUNK_BYTES):
        while chunk:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(chunk)
            chunk = frame.unused_data if frame.eof else b""
            frame = None if frame.eof else frame
    if frame is not None:
        raise EOFError("the file ends within a frame")


_CHUNKS: dict[Container, Callable[[IO[bytes]], Iterator[bytes]]] = {
    Container.GZIP: lambda packed: _chunks(gzip.GzipFile(fileobj=packed)),
    Container.BZIP2: lambda packed: _chunks(bz2.BZ2File(packed)),
    Container.XZ: lambda packed: _chunks(lzma.LZMAFile(packed)),  # noqa: SIM115 -- closed where it is read
    Container.ZSTANDARD: _zstandard_chunks,
}


def _base_name(name: str) -> str:
    return name.rpartition("/")[2]


def _is_workbook(file: Path) -> bool:
    with zipfile.ZipFile(file) as archive:
        return any(member in archive.namelist() for member in _WORKBOOK_MEMBERS)


def _text_kind(file: Path, head: bytes) -> Container:
    # Zero bytes go, so that UTF-16 shows its ASCII characters.
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe").lstrip()
    if text[:15].lower().startswith(tuple(markup.encode() for markup in _MARKUP)):
        raise InvalidLog(
            f"{file.name} is HTML or XML, whatever its name. Expected csv, JSON lines, a workbook or parquet: open it "
            "in a spreadsheet, and save it as xlsx."
        )
    inner = text[1:].lstrip()
    if (text.startswith(b"{") and inner[:1] in (b'"', b"}")) or (text.startswith(b"[") and inner[:1] == b"{"):
        return Container.JSON
    return Container.TEXT
