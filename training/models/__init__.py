"""Model catalogue: every file of this folder is one model; a new file is found and served without another change."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from training.inference.explanations.explanation import Explanation
from training.inference.release import Release
from training.members import MEMBERS
from training.model import Model

_modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
MODELS: dict[str, Model] = {module.MODEL.name: module.MODEL for module in _modules}
ANSWER_ORDER = tuple(sorted(MODELS, key=lambda name: (MODELS[name].position, name)))  # of JSON and the scores table
EXPLANATIONS: Mapping[str, Explanation] = {
    name: explanation for name in ANSWER_ORDER if (explanation := MODELS[name].explanation) is not None
}
LOADERS = {name: member.load for name, member in MEMBERS.items()}
HEADS = {name: model.head for name, model in MODELS.items() if model.head is not None}


def load_release(folder: Path) -> Release:
    """Load and verify a release, with the prediction heads and explanations of the models of this folder.

    Raises:
        CorruptRelease: a file is missing, changed, or of another format, or answers a model that has no page.
    """
    return Release.load(folder, {name: head.load for name, head in HEADS.items()}, EXPLANATIONS, LOADERS)
