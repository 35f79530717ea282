"""MLflow behind one door: what was trained, what is registered, what serves and who decided it."""

from training.registry.backend import ui_command
from training.registry.client import Registry
from training.registry.promotion_log import Promotion
from training.registry.release_files import Damaged, point
from training.registry.run_record import Dataset, Metric, Run
from training.registry.versions import NotRegistered

__all__ = ["Damaged", "Dataset", "Metric", "NotRegistered", "Promotion", "Registry", "Run", "point", "ui_command"]
