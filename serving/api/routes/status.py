"""Status route: what the service answers from, how old it is, and what was noticed about the log."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from features.errors import FlywheelError
from serving.api import openapi
from serving.api.app_state import AppState
from serving.api.dependencies import app_state_of, json_response
from serving.api.routing import router
from serving.auth.route_access import ANY_KEY
from serving.moments import rfc3339
from serving.observability.log_silence import LogSilence
from serving.schemas.status import NoteResponse, StatusResponse

ROUTER = router()


@ROUTER.get(
    "/v1/status",
    dependencies=[ANY_KEY],
    responses=openapi.success_and_problem_responses(StatusResponse, 401),
)
async def get_status(request: Request) -> Response:
    """Release, features, end of the log, silence and plausibility of the log: what a monitor reads once a day."""
    app_state = app_state_of(request)
    active, now = app_state.release_loader.current, app_state.now()
    service = app_state.prediction_service
    return json_response(
        {
            "version": _project_version(),
            "release": active and active.release.version,
            "champion": app_state.release_loader.pointer_version(),
            "trained_as_of": active and rfc3339(active.release.metadata.as_of),
            "as_of": rfc3339(now),
            **_log_status(app_state.log_silence(), now),
            "degraded": None if active is None else service.clock_mismatch() or await app_state.degraded_reason(),
            "consent_state": await _consent_state(app_state),
        }
    )


def _log_status(silence: LogSilence | None, now: int) -> dict[str, Any]:
    """The fields that the publication decides; null without one."""
    if silence is None:
        nothing = dict.fromkeys(("features_at", "log_until", "log_age_seconds", "silence"))
        return {**nothing, "plausibility": []}
    publication = silence.publication
    return {
        "features_at": rfc3339(publication.features_at),
        "log_until": rfc3339(publication.log_until),
        "log_age_seconds": (now - publication.log_until) / 1e6,
        "silence": {
            "days": silence.days,
            "longest_before": publication.longest_silence,
            "usual": publication.usual_silence,
            "limit": publication.silence_limit,
            "notice": silence.notice,
        },
        "plausibility": [
            {name: getattr(note, name) for name in NoteResponse.model_fields} for note in publication.notes
        ],
    }


async def _consent_state(app_state: AppState) -> str | None:
    gate = app_state.consent_gate
    try:
        return str(await gate.call(gate.ledger.state))
    except FlywheelError:
        return None


def _project_version() -> str:
    try:
        return version("flywheel")
    except PackageNotFoundError:
        return "unknown"
