"""Growth loader: a worker reads the figures of growth, which the nightly job writes, beside the requests."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from serving.growth.segment_sizes import SIZES_FILE, SegmentSizes, read_nights
from serving.schemas.growth import GrowthResponse

GROWTH_FILE = Path("growth") / "growth.json"

Stamp = tuple[int, int]


class GrowthLoader:
    """Follows the figures of a home; each request reads ``current`` and ``nights`` once."""

    def __init__(self, home: Path) -> None:
        self.current: GrowthResponse | None = None
        self.nights: tuple[SegmentSizes, ...] = ()
        self._home = home
        self._stamps: dict[Path, Stamp | None] = {}

    def poll(self) -> None:
        """Read the files that changed; a damaged one counts as none, until the nightly job writes it again."""
        if self._has_changed(GROWTH_FILE):
            self.current = self._read_answer()
        if self._has_changed(SIZES_FILE):
            self.nights = read_nights(self._home)

    def _read_answer(self) -> GrowthResponse | None:
        try:
            return GrowthResponse.model_validate_json((self._home / GROWTH_FILE).read_bytes())
        except (OSError, ValidationError):
            return None

    def _has_changed(self, file: Path) -> bool:
        try:
            status = (self._home / file).stat()
        except OSError:
            stamp = None
        else:
            stamp = status.st_mtime_ns, status.st_ino
        has_changed = stamp != self._stamps.get(file)
        self._stamps[file] = stamp
        return has_changed
