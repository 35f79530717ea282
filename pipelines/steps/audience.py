"""Audience step: selects an audience like POST /v1/audiences, and writes its members to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from features.calendar import micros
from features.errors import FlywheelError
from features.storage.atomic_files import atomic_write
from pipelines.environment import audience_policy
from pipelines.home import Home
from serving.audiences.audience_service import SAMPLE_FORMAT, AudienceService, ExportContext
from serving.audiences.errors import InvalidAudienceRequest, InvalidJson
from serving.audiences.formats import FormulaCells, encode
from serving.audiences.holdout import HoldoutChoice
from serving.audiences.request_parsing import parse_request
from serving.audiences.schema import AudienceResponse
from serving.observability.audit_log import COMMAND_LINE, AuditLog

SUFFIXES = {".csv": "text/csv", ".ndjson": "application/x-ndjson", ".parquet": "application/vnd.apache.parquet"}


class InvalidRequest(FlywheelError):
    """The audience request is invalid; the message names every invalid field."""


@dataclass(frozen=True)
class AudienceOutput:
    """The response, and the path of the members' file if one was written."""

    answer: AudienceResponse
    path: Path | None


def build_request(options: Mapping[str, Any], file: Path | None) -> bytes:
    """Return the request in a file, with the command line's options in place of the same fields.

    Raises:
        InvalidRequest: the file cannot be read, or is not a JSON object.
    """
    try:
        request = {} if file is None else orjson.loads(file.read_bytes())
    except OSError as error:
        raise InvalidRequest(
            f"{file} cannot be read ({error.strerror}). Expected a file with one JSON object."
        ) from None
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(
            f"{file} is not JSON: {error}. Expected one JSON object, as the body of POST /v1/audiences."
        ) from None
    if not isinstance(request, dict):
        raise InvalidRequest(
            f"{file} contains a {type(request).__name__}. Expected one JSON object, as the body of POST /v1/audiences."
        )
    return orjson.dumps({**request, **{name: value for name, value in options.items() if value is not None}})


@dataclass(frozen=True)
class MembersFile:
    """The file of the members, and what is in it."""

    path: Path
    holdout: HoldoutChoice = "exclude"
    formulas: FormulaCells = "escape"

    @property
    def media_type(self) -> str:
        """The format by the suffix."""
        return SUFFIXES[self.path.suffix]


def open_service(home: Home) -> AudienceService:
    """Return the audience service of a home, with the settings in the environment.

    Raises:
        InvalidVariable: a setting has an invalid value.
    """
    return AudienceService.for_home(home.folder, home.ledger(), AuditLog.open(home.folder), audience_policy())


def run(home: Home, body: bytes, timestamp: datetime, out: MembersFile | None = None) -> AudienceOutput:
    """Build an audience, and write its members to a file in the format of the file's suffix.

    Raises:
        InvalidRequest: the request does not fit the scores table, or the suffix is not supported.
        InvalidScores: there is no valid scores table.
    """
    if out is not None and out.path.suffix not in SUFFIXES:
        raise InvalidRequest(f"Found --out {out.path}. Expected a name that ends in {', '.join(SUFFIXES)}.")
    service = open_service(home)
    export = ExportContext(COMMAND_LINE, micros(timestamp), SAMPLE_FORMAT, is_admin=True, reads_experiments=True)
    try:
        answer = service.create(parse_request(body), export)
        if out is not None and answer.audience_id is not None:
            _write_members(service, answer.audience_id, export, out)
    except InvalidAudienceRequest as invalid:
        reasons = "\n".join(f"  - {error.field}: {error.reason}" for error in invalid.errors)
        raise InvalidRequest(f"{invalid.detail}\n{reasons}") from None
    except InvalidJson as error:
        raise InvalidRequest(str(error)) from None
    return AudienceOutput(answer, None if out is None else out.path)


def _write_members(service: AudienceService, audience_id: str, export: ExportContext, out: MembersFile) -> None:
    """Atomic write of the members."""
    _, tables = service.export_all(
        audience_id, replace(export, format=out.path.suffix.removeprefix("."), holdout=out.holdout)
    )
    with atomic_write(out.path) as temporary, temporary.open("wb") as file:
        file.writelines(encode(out.media_type, tables, out.formulas))
