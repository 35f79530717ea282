"""Export tags step: begins and confirms exports of tags, and writes their changes to a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from features.calendar import micros
from features.config.tags import Language, TagsConfig
from features.decisions.backends import open_decisions
from features.errors import FlywheelError
from features.storage.atomic_files import atomic_write
from pipelines.home import Home
from pipelines.steps.audience import open_service
from serving.audiences.audience_service import ExportContext
from serving.audiences.formats import encode
from serving.observability.audit_log import COMMAND_LINE, AuditLog
from serving.schemas.tags import TagExportResponse
from serving.tags.crm_formats import CRM_FORMATS
from serving.tags.destinations import read_destination
from serving.tags.tag_changes import change_tables
from serving.tags.tag_export_service import TagExportService
from serving.tags.tag_names import group_name, value_name
from serving.tags.tag_paging import summary_of
from serving.tags.wecom import add_corp_tag_bodies, check_tag_ids, mark_tag_bodies, read_tag_ids

TagFormat = Literal["csv", "ndjson", "wecom", "klaviyo", "braze", "hubspot", "salesforce"]
_MEDIA_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}


class NotWecom(FlywheelError):
    """The format wecom was asked for a destination that is another tool."""


@dataclass(frozen=True)
class TagExportOutput:
    """The newest export, and the path of the file with its changes if one was written."""

    summary: TagExportResponse
    path: Path | None


@dataclass(frozen=True)
class ListedTag:
    """A tag that a destination can get."""

    key: str
    group: str
    name: str


def run(
    home: Home, destination: str, audience_id: str | None, now: datetime, out: tuple[Path, TagFormat] | None
) -> TagExportOutput:
    """Begin an export, or go on with the newest one, and write its changes to a file.

    Raises:
        FlywheelError: there is no such destination or audience, a file of the destination cannot be used, a limit of
            the tool is exceeded, or the format is not one of this tool; nothing was written.
    """
    service, config, at = _service(home), read_destination(home.folder, destination), micros(now)
    is_wecom = out is not None and out[1] == "wecom"
    tag_ids = read_tag_ids(Path(_wecom(config, destination).tag_ids or "")) if is_wecom else {}
    context = ExportContext(COMMAND_LINE, at, "tags", is_admin=True)
    if is_wecom:
        check_tag_ids(service.current.keys(config, at), tag_ids, config)
    state = service.begin(destination, audience_id, context, at)
    if out is not None:
        path, form = out
        changes = service.all_changes(state, replace(context, format=form), at)
        if is_wecom:
            check_tag_ids(state.removals.keys(), tag_ids, config)
            _write(path, mark_tag_bodies(changes, tag_ids, config))
        elif form in CRM_FORMATS:
            _write(path, CRM_FORMATS[form](changes, config))
        else:
            _write(path, encode(_MEDIA_TYPES[form], change_tables(changes, config), "keep"))
    return TagExportOutput(summary_of(state), None if out is None else out[0])


def confirm(home: Home, export_id: str, audience_id: str | None, now: datetime) -> TagExportResponse:
    """Record that all changes of an export were applied.

    Raises:
        TagExportNotFound: it is not the newest export of its destination, or is of another audience.
    """
    return summary_of(_service(home).confirm(export_id, audience_id, micros(now)))


def list_tags(home: Home, destination: str, language: Language | None, now: datetime) -> Sequence[ListedTag]:
    """Return every tag that a destination can get, with its names in a language.

    Raises:
        UnknownDestination: the configuration has no such section.
        InvalidScores: there are no scores.
    """
    config = read_destination(home.folder, destination)
    words = language or config.language
    return [
        ListedTag(
            key=band.key(config.prefix),
            group=group_name(config.prefix, band.group, words),
            name=value_name(band.group, band.value, words),
        )
        for band in _service(home).current.bands(config, micros(now))
    ]


def list_wecom(home: Home, destination: str, now: datetime) -> Sequence[dict[str, Any]]:
    """Return the bodies of WeCom's ``add_corp_tag`` that create every tag; raises as ``list_tags`` does.

    Raises:
        NotWecom: the destination is another tool.
    """
    config = _wecom(read_destination(home.folder, destination), destination)
    return add_corp_tag_bodies(_service(home).current.bands(config, micros(now)), config)


def _service(home: Home) -> TagExportService:
    decisions = open_decisions(home.folder, home.online)
    return TagExportService(home.folder, home.ledger(), AuditLog.open(home.folder), open_service(home), decisions)


def _wecom(config: TagsConfig, destination: str) -> TagsConfig:
    if config.tool != "wecom":
        raise NotWecom(
            f"Found the tool {config.tool!r} of {destination}; expected 'wecom' for the format wecom. Set tool, "
            f"contacts and tag_ids in [tags.{destination}], then run `flywheel ingest`."
        )
    return config


def _write(path: Path, content: Iterator[bytes]) -> None:
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        file.writelines(content)
