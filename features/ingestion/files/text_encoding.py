"""Text encoding: of a raw file, from its byte order mark, as UTF-8, or by trial and plausibility."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from features.errors import InvalidLog
from features.ingestion.files.encoding_plausibility import PLAUSIBILITIES

HEAD_BYTES = 1 << 16
MAX_LINE_BYTES = 1 << 24
_SAMPLE_BYTES = 1 << 16  # of lines with bytes beyond ASCII
_CHUNK_BYTES = 1 << 22
_MIN_PLAUSIBILITY = 0.5
_TIE = 0.1
_CLEARER = 0.05  # of charset-normalizer's measure of chaos
# UTF-32 first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True)
class TextEncoding:
    """A codec of Python, and whether it was found by trial."""

    codec: str
    guessed: bool = False

    @property
    def is_utf8(self) -> bool:
        """Whether DuckDB reads it without a decoded copy."""
        return codecs.lookup(self.codec).name in {"utf-8", "utf-8-sig", "ascii"}


def read_head(file: Path) -> bytes:
    """The first bytes of a file, and the rest of the first line where it is longer."""
    with file.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
        return head if b"\n" in head or b"\r" in head else head + handle.readline(MAX_LINE_BYTES)


def detect_encoding(file: Path, encoding: str | None) -> TextEncoding:
    """The encoding of a text file, judged by its head where that is UTF-8; ``encoding`` is the key of flywheel.toml.

    Raises:
        InvalidLog: no encoding gives plausible text.
    """
    head = read_head(file)
    if encoding is not None:
        codec = codecs.lookup(encoding).name
        return TextEncoding("utf-8-sig" if codec == "utf-8" else codec)
    for mark, codec in _MARKS:
        if head.startswith(mark):
            return TextEncoding(codec)
    if codec_without_mark := _utf16_without_mark(head):
        return TextEncoding(codec_without_mark, guessed=True)
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return guess_encoding(file)
    return TextEncoding("utf-8-sig")


def guess_encoding(file: Path) -> TextEncoding:
    """The encoding of a text file that is not UTF-8 throughout: UTF-8 with damaged lines, or the most plausible other.

    Raises:
        InvalidLog: no encoding gives plausible text.
    """
    sample = _sample_beyond_ascii(file)
    text = sample.decode("utf-8", "surrogateescape")
    damaged = len(re.findall("[\udc80-\udcff]", text))
    whole = sum(character > "\x7f" for character in text) - damaged
    if whole >= 2 * damaged:
        return TextEncoding("utf-8-sig")
    scores = _plausibilities(sample)
    best = max(scores.values(), default=0.0)
    if best < _MIN_PLAUSIBILITY and whole:
        return TextEncoding("utf-8-sig")
    if best < _MIN_PLAUSIBILITY:
        raise InvalidLog(_unknown_encoding(file, sample, scores))
    tied = [codec for codec, score in scores.items() if score >= best - _TIE]
    return TextEncoding(_break_tie(sample, tied, scores), guessed=True)


def _utf16_without_mark(head: bytes) -> str | None:
    """UTF-16 has a zero byte beside every ASCII character, on one side only."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    if even + odd < len(head) / 20:
        return None
    return "utf-16-le" if odd > 10 * even else "utf-16-be" if even > 10 * odd else None


def _sample_beyond_ascii(file: Path) -> bytes:
    sample = bytearray()
    with file.open("rb") as handle:
        while chunk := handle.read(_CHUNK_BYTES):
            chunk += handle.readline()
            if not chunk.isascii():
                sample += b"\n".join(_lines_beyond_ascii(chunk))[: _SAMPLE_BYTES // 8] + b"\n"
            if len(sample) >= _SAMPLE_BYTES:
                break
    return bytes(sample)


def _lines_beyond_ascii(chunk: bytes) -> Iterator[bytes]:
    for line in re.split(rb"[\r\n]+", chunk):
        if not line.isascii():
            yield line


def _plausibilities(sample: bytes) -> dict[str, float]:
    """The plausibility by codec; a sample may end within a character, and its last line is left out then."""
    scores = {}
    for codec, plausibility in PLAUSIBILITIES.items():
        lines = sample.split(b"\n")
        decoded = [text for line in lines if (text := _decode(line, codec)) is not None]
        # A damaged line or two, or a cut one, exclude no encoding.
        if len(decoded) >= 0.9 * len(lines) or len(lines) - len(decoded) <= len(lines) // 10:
            scores[codec] = plausibility("\n".join(decoded)) * len(decoded) / len(lines)
    return scores


def _decode(line: bytes, codec: str) -> str | None:
    try:
        return line.decode(codec)
    except UnicodeDecodeError:
        return None


def _break_tie(sample: bytes, tied: Sequence[str], scores: dict[str, float]) -> str:
    """The first of equally plausible encodings, unless charset-normalizer finds another one clearly less chaotic."""
    first = max(tied, key=lambda codec: scores[codec])
    chaos = {match.encoding: match.chaos for match in from_bytes(sample, cp_isolation=list(tied))}
    clearest = min(chaos, key=lambda codec: chaos[codec], default=first)
    is_clearer = first in chaos and chaos[clearest] < chaos[first] - _CLEARER
    return clearest if is_clearer and clearest in tied else first


def _unknown_encoding(file: Path, sample: bytes, scores: dict[str, float]) -> str:
    example = next(iter(sample.split(b"\n")))[:60]
    readings = [f"{codec} {example.decode(codec, 'replace')!r}" for codec in sorted(scores, key=lambda c: -scores[c])]
    return (
        f"{file.name}: its text is not UTF-8, and no other encoding reads it well. Expected one of "
        f"{'; '.join(readings[:4]) or ', '.join(PLAUSIBILITIES)}: set `encoding` to the right one."
    )
