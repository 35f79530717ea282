"""Model registry: MLflow runs, registered versions, promotions and release files behind one client."""

from training.registry.backend import ui_command
from training.registry.client import Registry
from training.registry.promotion_log import Promotion
from training.registry.pyfunc_files import write_pyfunc
from training.registry.release_files import CorruptArtifacts, write_champion_pointer
from training.registry.run_record import DatasetInfo, Metric, Run
from training.registry.unavailable import RegistryUnavailable
from training.registry.versions import VersionNotFound, artifact_address

__all__ = [
    "CorruptArtifacts",
    "DatasetInfo",
    "Metric",
    "Promotion",
    "Registry",
    "RegistryUnavailable",
    "Run",
    "VersionNotFound",
    "artifact_address",
    "ui_command",
    "write_champion_pointer",
    "write_pyfunc",
]
