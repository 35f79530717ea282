"""Destinations: the sections ``[tags.<destination>]`` as ``flywheel ingest`` copied them into the home.

The service reads the copy, because a home may serve on a machine without the configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from features.config.tags import TagsConfig
from features.errors import StoreDamaged
from features.storage.atomic_files import replace_private
from serving.tags.errors import UnknownDestination

FOLDER, FILE = "tags", "destinations.json"
_DESTINATIONS = TypeAdapter(dict[str, TagsConfig])


def record_destinations(home: Path, destinations: Mapping[str, TagsConfig]) -> bool:
    """Copy the destinations into the home; return whether they changed. A shop without any gets no file."""
    if read_destinations(home) == dict(destinations):
        return False
    (home / FOLDER).mkdir(exist_ok=True)
    replace_private(home / FOLDER / FILE, _DESTINATIONS.dump_json(dict(destinations), indent=1))
    return True


def read_destinations(home: Path) -> Mapping[str, TagsConfig]:
    """Return the destinations of the home by name.

    Raises:
        StoreDamaged: the copy is not as it was written.
    """
    path = home / FOLDER / FILE
    try:
        return _DESTINATIONS.validate_json(path.read_bytes()) if path.is_file() else {}
    except ValidationError:
        raise StoreDamaged(
            f"Found {path} damaged; expected it as it was written. `flywheel ingest` writes it again."
        ) from None


def read_destination(home: Path, name: str) -> TagsConfig:
    """Return one destination.

    Raises:
        UnknownDestination: the configuration has no such section.
    """
    destinations = read_destinations(home)
    if name in destinations:
        return destinations[name]
    known = ", ".join(destinations) or "none"
    raise UnknownDestination(
        f"Found no destination of tags named {name[:40]!r}; expected one of flywheel.toml: {known}. Add it as "
        "[tags.<name>] with its channel, then run `flywheel ingest`."
    )
