"""Campaigns: experiments beside those held out, each in detail, and messages of the last year."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from features.calendar import local_day
from features.errors import StoreDamaged
from serving.api.attribution_work import run_attribution
from serving.api.dependencies import app_state_of
from serving.api.experiment_work import decision_time, run_in_experiment_thread
from serving.api.pages import PAGE_PATH
from serving.auth.scopes import KeyScope
from serving.experiments.result_reader import read_results
from serving.web.rendering import render
from serving.web.routing import page_access, page_router
from serving.web.views.campaign import CampaignView, campaign_view
from serving.web.views.campaigns import CampaignsView, campaign_row
from serving.web.views.messages import messages_view
from training.attribution.period import Period

if TYPE_CHECKING:
    from serving.api.app_state import AppState
    from serving.experiments.decision_time import DecisionTime
    from serving.schemas.experiment_results import ExperimentResultsResponse

ROUTER = page_router()
_PATH = f"{PAGE_PATH}campaigns"
_YEAR = timedelta(days=365)


@ROUTER.get(_PATH, dependencies=[page_access(KeyScope.EXPERIMENT)])
async def campaigns(request: Request) -> Response:
    """All experiments, the newest first."""
    app_state, time = app_state_of(request), decision_time(request)
    view = await run_in_experiment_thread(app_state, lambda: _campaigns(app_state, time))
    return render(request, "campaigns/index.html", view)


@ROUTER.get(f"{_PATH}/messages/year", dependencies=[page_access(KeyScope.EXPERIMENT)])
async def messages(request: Request) -> Response:
    """What the messages of the last year caused, by campaign; it reads the log of a year."""
    app_state = app_state_of(request)
    today = local_day(app_state.now(), app_state.zone)
    report = await run_attribution(app_state, Period(today - _YEAR, today))
    name = "campaigns/_messages.html" if "HX-Request" in request.headers else "campaigns/messages.html"
    return render(request, name, messages_view(report))


@ROUTER.get(f"{_PATH}/{{experiment_id}}", dependencies=[page_access(KeyScope.EXPERIMENT)])
async def campaign(request: Request) -> Response:
    """One experiment with its results."""
    app_state, time, experiment_id = app_state_of(request), decision_time(request), request.path_params["experiment_id"]

    def read() -> CampaignView:
        results = read_results(app_state.home, experiment_id, local_day(app_state.now(), app_state.zone))
        return campaign_view(
            app_state.experiment_services.experiments.read(experiment_id, time), results, app_state.zone
        )

    return render(request, "campaigns/detail.html", await run_in_experiment_thread(app_state, read))


def _campaigns(app_state: AppState, time: DecisionTime) -> CampaignsView:
    experiments = app_state.experiment_services.experiments.list_all(time)
    return CampaignsView(
        tuple(
            campaign_row(experiment, _results(app_state, experiment.id), app_state.zone)
            for experiment in reversed(experiments)
        )
    )


def _results(app_state: AppState, experiment_id: str) -> ExperimentResultsResponse | None:
    """The results of an experiment; None for damaged ones, which hide no other experiment."""
    try:
        return read_results(app_state.home, experiment_id, local_day(app_state.now(), app_state.zone))
    except StoreDamaged:
        return None
