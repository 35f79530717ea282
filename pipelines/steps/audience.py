"""Audience step: selects an audience like POST /v1/audiences, and writes its members to a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError

from features.calendar import micros
from features.errors import FlywheelError
from pipelines.environment import InvalidVariable
from pipelines.home import Home
from serving.audience_policy import AudiencePolicy
from serving.audiences.audience_service import SAMPLE_FORMAT, AudienceService, ExportContext
from serving.audiences.errors import InvalidAudienceRequest, InvalidJson
from serving.audiences.formats import FORMATS
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


def read_policy() -> AudiencePolicy:
    """Return the settings of audiences in the environment.

    Raises:
        InvalidVariable: one of them has an invalid value.
    """
    try:
        return AudiencePolicy()
    except ValidationError as error:
        reasons = (f"FLYWHEEL_{str(fault['loc'][0]).upper()}: {fault['msg']}" for fault in error.errors())
        raise InvalidVariable("\n".join(reasons)) from None


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


def run(home: Home, body: bytes, timestamp: datetime, out: Path | None = None) -> AudienceOutput:
    """Build an audience, and write its members to a file in the format of the file's suffix.

    Raises:
        InvalidRequest: the request does not fit the scores table, or the suffix is not supported.
        InvalidScores: there is no valid scores table.
    """
    if out is not None and out.suffix not in SUFFIXES:
        raise InvalidRequest(f"Found --out {out}. Expected a name that ends in {', '.join(SUFFIXES)}.")
    service = AudienceService.for_home(home.folder, home.ledger(), AuditLog.open(home.folder), read_policy())
    try:
        answer = service.create(parse_request(body), ExportContext(COMMAND_LINE, micros(timestamp), SAMPLE_FORMAT))
    except InvalidAudienceRequest as invalid:
        reasons = "\n".join(f"  - {error.field}: {error.reason}" for error in invalid.errors)
        raise InvalidRequest(f"{invalid.detail}\n{reasons}") from None
    except InvalidJson as error:
        raise InvalidRequest(str(error)) from None
    if out is not None and answer.audience_id is not None:
        _write_members(service, answer.audience_id, ExportContext(COMMAND_LINE, micros(timestamp), out.suffix[1:]), out)
    return AudienceOutput(answer, out)


def _write_members(service: AudienceService, audience_id: str, export: ExportContext, out: Path) -> None:
    """Write the file atomically: write a temporary file, then rename it."""
    _, tables = service.export_all(audience_id, export)
    temporary_path = out.with_name(f".{out.name}.tmp")
    try:
        with temporary_path.open("wb") as file:
            file.writelines(FORMATS[SUFFIXES[out.suffix]](tables))
        temporary_path.replace(out)
    finally:
        temporary_path.unlink(missing_ok=True)
