"""Growth loader: a worker reads the figures of growth, which the nightly job writes, beside the requests."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from serving.schemas.growth import GrowthResponse

GROWTH_FILE = Path("growth") / "growth.json"

Stamp = tuple[int, int]


class GrowthLoader:
    """Follows the figures of a home; each request reads ``current`` once."""

    def __init__(self, home: Path) -> None:
        self.current: GrowthResponse | None = None
        self._path = home / GROWTH_FILE
        self._stamp: Stamp | None = None

    def poll(self) -> None:
        """Read the file if it changed; a damaged one counts as none, until the nightly job writes it again."""
        stamp = self._read_stamp()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self.current = GrowthResponse.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            self.current = None

    def _read_stamp(self) -> Stamp | None:
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_ino
