"""Attribution service: reports of a home, each computed once per state of its history, consents and experiments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from zoneinfo import ZoneInfo

import pyarrow as pa

from features.calendar import local_day
from features.consents.analysable import analysable_ids
from features.consents.erasure_state import erased_until
from features.consents.ledger import Ledger
from features.errors import FlywheelError, StoreDamaged
from training.attribution.acquisition_costs import source_costs
from training.attribution.log.log_reader import count_rows, read_attribution_log
from training.attribution.log.served_predictions import FOLDER
from training.attribution.period import Period
from training.attribution.report import AttributionReport
from training.attribution.report_assembly import attribution_report

MAX_REPORTS = 32  # kept in memory


class TooManyRows(FlywheelError):
    """The log of the period has more rows than a report may read at once."""


_TABLES = ("orders", "touches", "decisions", "costs")


@dataclass
class AttributionService:
    """Attribution of one home; it reads and never writes."""

    home: Path
    ledger: Ledger
    max_rows: int | None = None  # order lines and touches of one report; None for any number
    _reports: OrderedDict[Hashable, AttributionReport] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)  # one report at a time: each reads the log of a year

    def report(self, period: Period, zone: ZoneInfo, now: int) -> AttributionReport:
        """The report of a period, with the consents at an instant, microseconds since 1970 UTC.

        Raises:
            TooManyRows: the log of the period has more than ``max_rows``.
            StoreDamaged: a table of the history cannot be read.
            StoreUnavailable: the consents cannot be read.
        """
        with self._lock:
            key = (period, zone.key, local_day(now, zone), self._state())
            if key in self._reports:
                self._reports.move_to_end(key)
                return self._reports[key]
            report = self._reports[key] = self._compute(period, zone, now)
            while len(self._reports) > MAX_REPORTS:
                self._reports.popitem(last=False)
            return report

    def _compute(self, period: Period, zone: ZoneInfo, now: int) -> AttributionReport:
        try:
            self._require_rows(count_rows(self.home, period), period)
            since = erased_until(self.home)
            log = read_attribution_log(
                self.home, period, zone, lambda ids: analysable_ids(self.ledger, ids, now, since)
            )
            return attribution_report(log, period, tuple(source_costs(self.home, log, period)))
        except (pa.ArrowException, OSError) as error:
            raise StoreDamaged(
                f"Found a damaged table in {self.home / 'history'} ({error}); expected what `flywheel ingest` wrote. "
                "Run it again."
            ) from None

    def _require_rows(self, rows: int, period: Period) -> None:
        if self.max_rows is not None and rows > self.max_rows:
            raise TooManyRows(
                f"Found {rows:,} order lines and touches for the period from {period.first} to {period.end}; expected "
                f"at most {self.max_rows:,} in a worker. Ask for a shorter period, or run `flywheel attribution`."
            )

    def _state(self) -> Hashable:
        """What a report depends on besides its period: tables, consents, experiments, predictions."""
        paths = [self.home / "history" / f"{name}.parquet" for name in _TABLES]
        paths += sorted((self.home / "experiments").glob("*.json"))
        paths += sorted((self.home / FOLDER).glob("*.parquet"))
        files = tuple((path.name, (stat := path.stat()).st_mtime_ns, stat.st_size) for path in paths if path.is_file())
        return self.ledger.state(), files
