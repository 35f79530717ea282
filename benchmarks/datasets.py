"""Data sets: the logs of the benchmarks, each configured by nothing but a flywheel.toml."""

from __future__ import annotations

import importlib.metadata
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pipelines
from features.config.shop import ShopConfig, read_shop_config
from pipelines.demo.complete_journey import write_tables
from pipelines.home import Home
from pipelines.run_context import RunContext
from pipelines.steps import ingest, publish

EXAMPLES = Path(pipelines.__path__[0]) / "examples"


@dataclass(frozen=True)
class Log:
    """A shop's log, the as-of day, the horizons to predict, and the test origins."""

    name: str
    example: str
    as_of: date
    business: Mapping[str, object]  # replaces the example's values
    origins: tuple[date, ...] = ()  # newest first; empty for those that the product chooses

    def run_context(self, work: Path, report: Callable[[str], None]) -> RunContext:
        """Ingest the log into its own home below ``work``, and compute its features."""
        home = Home(work / self.name)
        folder = home.folder / "log"
        folder.mkdir(parents=True, exist_ok=True)
        if self.name == "complete-journey" and not (folder / "events.parquet").is_file():
            write_tables(folder)
        (folder / "flywheel.toml").write_text((EXAMPLES / self.example).read_text())
        config = self._with_business(read_shop_config(folder / "flywheel.toml"))
        ingest.run(config, home, datetime.now(UTC), report)
        context = RunContext(config, home, self.as_of, report, self.origins)
        publish.ensure_feature_tables(context)
        return context

    def _with_business(self, config: ShopConfig) -> ShopConfig:
        business = config.business.model_copy(update=dict(self.business))
        return config.model_copy(update={"business": business})


CDNOW_ORIGINS = (date(1998, 4, 2), date(1997, 12, 31), date(1997, 9, 30))  # the bars are set at these
LOGS = (
    Log("complete-journey", "complete-journey.toml", date(2017, 12, 31), {"churn_days": 28, "ltv_days": (28, 91)}),
    Log("online-retail", "online-retail.toml", date(2011, 12, 10), {"churn_days": 90, "ltv_days": (30, 90)}),
    Log("cdnow", "cdnow.toml", date(1998, 7, 1), {"churn_days": 90, "ltv_days": (30, 90)}, CDNOW_ORIGINS),
)


def package_file(path: str) -> Path:
    """Return the path of a data file inside the installed package lifetimes."""
    return Path(str(importlib.metadata.distribution("lifetimes").locate_file(path)))


def available_logs() -> list[Log]:
    """Return the logs whose data are on this machine; ONLINE_RETAIL has the path of Online Retail."""
    os.environ.setdefault("CDNOW", str(package_file("lifetimes/datasets/CDNOW_master.txt")))
    return [log for log in LOGS if log.name != "online-retail" or "ONLINE_RETAIL" in os.environ]
