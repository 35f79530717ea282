"""Growth loader: a worker reads the figures of growth, which the nightly job writes, beside the requests."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from features.storage.file_identity import FileWatcher
from serving.growth.segment_sizes import SIZES_FILE, SegmentSizes, read_nights
from serving.schemas.growth import GrowthResponse

GROWTH_FILE = Path("growth") / "growth.json"


class GrowthLoader:
    """Follows the figures of a home; each request reads ``current`` and ``nights`` once."""

    def __init__(self, home: Path) -> None:
        self.current: GrowthResponse | None = None
        self.nights: tuple[SegmentSizes, ...] = ()
        self._home = home
        self._watcher = FileWatcher()

    def poll(self) -> None:
        """Read the files that changed; a damaged one counts as none, until the nightly job writes it again."""
        if self._watcher.has_changed(self._home / GROWTH_FILE):
            self.current = self._read_answer()
        if self._watcher.has_changed(self._home / SIZES_FILE):
            self.nights = read_nights(self._home)

    def _read_answer(self) -> GrowthResponse | None:
        try:
            return GrowthResponse.model_validate_json((self._home / GROWTH_FILE).read_bytes())
        except (OSError, ValidationError):
            return None
