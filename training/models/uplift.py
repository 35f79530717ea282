"""By how much does a treatment change what this customer does?"""

from __future__ import annotations

from training.dataset.randomised_sample import RandomisedSample
from training.inference.answers.uplift import UPLIFT_ANSWER
from training.inference.uplift.uplift_head import UpliftHead, head_to_files, load_uplift_head
from training.model import ExperimentModel, LearnedUplift, UpliftTrainer


def fit(sample: RandomisedSample, train: UpliftTrainer) -> LearnedUplift:
    """Fit on an experiment with both arms; without a ranking that surely finds something, on the average effect."""
    selected = train(sample)
    head = UpliftHead(selected.score, selected.calibration)
    return LearnedUplift(files=head_to_files(head, selected.policy or "", sample.names), findings=selected)


MODEL = ExperimentModel(
    name="uplift",
    question=str(__doc__),
    summary="By how much does a treatment change what this customer does? Learned from experiments alone.",
    intended_use="Choosing whom to treat where a treatment costs something or drives some customers away.",
    position=4,
    fit=fit,
    load=load_uplift_head,
    answer=UPLIFT_ANSWER,
)
