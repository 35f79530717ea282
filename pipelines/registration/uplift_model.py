"""Registration of uplift: its MLflow run, its card and its entry for GET /v1/models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipelines.registration.candidate import ReleaseCandidate
from pipelines.registration.lineage import git_commit
from training.inference.uplift.evidence import Interval, UpliftEvidence
from training.models import EXPERIMENT_MODELS
from training.registry import Metric, Run
from training.reporting.markdown_table import markdown_table


def uplift_card(name: str, evidence: UpliftEvidence) -> str:
    """The model card, as Markdown."""
    model = EXPERIMENT_MODELS[name]
    rows = [(candidate, _in_words(value)) for candidate, value in evidence.candidates.items()]
    source = (
        f"Learned from the experiment `{evidence.experiment_id}`, arm `{evidence.arm}` against `{evidence.control}`, "
        f"outcome `{evidence.outcome}`, {evidence.customers:,} customers."
    )
    limits = (
        "Intervals of a customer's uplift are those of the mean effect on customers like this one. They say nothing "
        "of another treatment, nor of customers who could not take part."
    )
    lines = [
        f"# {name}",
        f"{model.question} {model.intended_use}",
        source,
        f"Policy: {evidence.policy or 'none is clear'}. {evidence.detail}",
        f"Average effect: {_in_words(evidence.average_effect)}.",
        "Qini by candidate, cross-fitted, with 95 % intervals:",
        "\n".join(markdown_table(("candidate", "Qini"), rows)),
        limits,
    ]
    return "\n\n".join(lines)


def uplift_run(candidate: ReleaseCandidate, name: str, evidence: UpliftEvidence, folder: Path) -> Run:
    """The MLflow run, with its card."""
    card = uplift_card(name, evidence)
    return Run(
        name=name,
        experiment="training",
        fingerprint=candidate.fingerprint,
        params={
            "as_of": str(candidate.context.as_of),
            "experiment_id": evidence.experiment_id,
            "arm": evidence.arm,
            "outcome": evidence.outcome,
            "policy": str(evidence.policy),
            "customers": evidence.customers,
        },
        metrics=_metrics(evidence),
        tags={"git_commit": git_commit()},
        description=card,
        texts={"card.md": card, "evidence.json": json.dumps(evidence.to_json(), indent=1)},
        folder=folder,
    )


def uplift_summary(candidate: ReleaseCandidate, name: str, evidence: UpliftEvidence, version: str) -> dict[str, Any]:
    """The entry in GET /v1/models."""
    return {
        "name": name,
        "version": version,
        "reason": evidence.detail,
        "horizon_days": [evidence.within_days],
        "training_window": {"end": str(candidate.context.as_of)},
        "metrics": [],
        "totals": [],
        "total_ranges": [],
        "evidence": evidence.to_json(),
    }


def _metrics(evidence: UpliftEvidence) -> list[Metric]:
    values = {"average_effect": evidence.average_effect, "qini": evidence.qini}
    values |= {f"qini_{candidate}": value for candidate, value in evidence.candidates.items()}
    return [Metric(name, value.value, 0) for name, value in values.items() if value is not None]


def _in_words(value: Interval | None) -> str:
    return "not judged" if value is None else f"{value.value:.4g} [{value.low:.4g}, {value.high:.4g}]"
