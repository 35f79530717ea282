"""Records of experiments for tests."""

from __future__ import annotations

from typing import Any

from training.experiments.record.experiment import Experiment


def experiment(**fields: Any) -> Experiment:  # noqa: ANN401 - any field of the record
    """An experiment of two arms that ends on 2027-04-12, with the given fields in place of its own."""
    record = {
        "id": "win-back",
        "arms": [{"name": "none", "control": True}, {"name": "ten-percent", "cost": 1.2}],
        "outcome": {"kind": "order", "within_days": 28},
        "ends_on": "2027-04-12",
    }
    return Experiment.model_validate({**record, **fields})
