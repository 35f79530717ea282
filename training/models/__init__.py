"""The questions we answer, one page each; the folder is the catalogue."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from training.model import Model

_modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
MODELS: dict[str, Model] = {module.MODEL.name: module.MODEL for module in _modules}
