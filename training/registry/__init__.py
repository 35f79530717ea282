"""MLflow behind one door: what was trained, what is registered, what serves and who decided it."""

from training.registry.door import Registry
from training.registry.local import Damaged, point
from training.registry.promotions import Promotion
from training.registry.run import Dataset, Metric, Run
from training.registry.store import ui_command
from training.registry.versions import NotRegistered

__all__ = ["Damaged", "Dataset", "Metric", "NotRegistered", "Promotion", "Registry", "Run", "point", "ui_command"]
