"""Model catalogue: every file of this folder is one model; a new file is found and served without another change."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from training.inference.explanations.explanation import Explanation
from training.inference.release import Release
from training.members import MEMBERS
from training.model import ExperimentModel, Model, Page

_modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
PAGES: dict[str, Page] = {module.MODEL.name: module.MODEL for module in _modules}
ANSWER_ORDER = tuple(sorted(PAGES, key=lambda name: (PAGES[name].position, name)))  # of JSON and the scores table
MODELS: dict[str, Model] = {name: page for name, page in PAGES.items() if isinstance(page, Model)}
MODEL_ORDER = tuple(name for name in ANSWER_ORDER if name in MODELS)
EXPERIMENT_MODELS: dict[str, ExperimentModel] = {
    name: page for name, page in PAGES.items() if isinstance(page, ExperimentModel)
}
EXPLANATIONS: Mapping[str, Explanation] = {
    name: explanation for name in MODEL_ORDER if (explanation := MODELS[name].explanation) is not None
}
LOADERS = {name: member.load for name, member in MEMBERS.items()}
HEADS = {name: model.head for name, model in MODELS.items() if model.head is not None}


def load_release(folder: Path) -> Release:
    """Load and verify a release, with the prediction heads and explanations of the models of this folder.

    Raises:
        CorruptRelease: a file is missing, changed, or of another format, or answers a model that has no page.
    """
    heads = {name: head.load for name, head in HEADS.items()}
    experiment_heads = {name: model.load for name, model in EXPERIMENT_MODELS.items()}
    return Release.load(folder, heads, EXPLANATIONS, LOADERS, experiment_heads)
