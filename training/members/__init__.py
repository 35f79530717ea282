"""Members of the average: every file of this folder is one, found without another change."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from training.member import Member

_modules = [import_module(f"{__name__}.{info.name}") for info in iter_modules(__path__)]
MEMBERS: dict[str, Member] = {module.MEMBER.name: module.MEMBER for module in _modules}
