"""Effective configuration: flywheel.toml with every default, and the environment variables, with secrets masked."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from features.config.shop import ShopConfig
from pipelines.diagnostics.masking import MASK, mask_password
from serving.settings import ENVIRONMENT_PREFIX

_SECRET_NAME_PARTS = ("KEY", "PASSWORD", "SECRET", "TOKEN")


@dataclass(frozen=True)
class EffectiveConfig:
    """The configuration in effect: where it comes from, all values, and which keys the file leaves to defaults."""

    path: Path
    home: Path
    values: Mapping[str, Any]  # nested as in the file; None for a key without a value
    given: Mapping[str, Any]  # the same sections, with the keys that the file gives
    environment: Mapping[str, str]


def effective_config(config: ShopConfig, path: Path, home: Path) -> EffectiveConfig:
    """The configuration in effect, with masked secrets."""
    return EffectiveConfig(
        path=path.resolve(),
        home=home.resolve(),
        values=_mask(config.model_dump(mode="json", by_alias=True)),
        given=config.model_dump(mode="json", by_alias=True, exclude_unset=True),
        environment=_environment(),
    )


def to_toml(effective: EffectiveConfig) -> str:
    """The configuration as TOML; a key that the file leaves out is marked, and one without a value is a comment."""
    return "\n".join(_section_lines("", effective.values, effective.given)).strip()


def _section_lines(name: str, values: Mapping[str, Any], given: Mapping[str, Any]) -> Iterator[str]:
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping) and value}
    if name:
        yield f"\n[{name}]"
    for key, value in values.items():
        if key not in tables:
            yield _key_line(key, value, is_default=key not in given)
    for key, value in tables.items():
        inner = given.get(key)
        section = f"{name}.{_quote(key)}" if name else _quote(key)
        yield from _section_lines(section, value, inner if isinstance(inner, Mapping) else {})


def _key_line(key: str, value: Any, *, is_default: bool) -> str:  # noqa: ANN401 -- any value of TOML
    if value is None:
        return f"# {_quote(key)} is not set"
    return f"{_quote(key)} = {_inline(value)}{'  # default' if is_default else ''}"


def _inline(value: Any) -> str:  # noqa: ANN401 -- as above
    """A value on one line of TOML, without the keys that have none."""
    if isinstance(value, Mapping):
        pairs = (f"{_quote(key)} = {_inline(item)}" for key, item in value.items() if item is not None)
        return f"{{ {', '.join(pairs)} }}".replace("{  }", "{}")
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(_inline, value))}]"
    return tomli_w.dumps({"value": value}).removeprefix("value = ").rstrip("\n")


def _quote(key: str) -> str:
    return tomli_w.dumps({key: 0}).removesuffix(" = 0\n")


def _mask(value: Any) -> Any:  # noqa: ANN401 -- as above
    """Mask the passwords of addresses, which ``path`` may contain."""
    match value:
        case str():
            return mask_password(value)
        case Mapping():
            return {key: _mask(item) for key, item in value.items()}
        case list():
            return [_mask(item) for item in value]
    return value


def _environment() -> dict[str, str]:
    """The variables that begin with FLYWHEEL_, with masked secrets."""
    names = sorted(name for name in os.environ if name.startswith(ENVIRONMENT_PREFIX))
    return {name: _mask_variable(name, os.environ[name]) for name in names}


def _mask_variable(name: str, value: str) -> str:
    return MASK if any(part in name for part in _SECRET_NAME_PARTS) and value else mask_password(value)
