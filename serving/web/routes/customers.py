"""Customer pages: search by the exact id, one customer, changes of consents, and forgetting."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from features.canonical_form import canonical_id
from serving.api.auth_middleware import caller
from serving.api.dependencies import app_state_of
from serving.api.pages import PAGE_PATH
from serving.api.request_parsing import validate_json, visible_customer_id
from serving.api.routes.customer_history import customer_history
from serving.api.routes.predictions import predict
from serving.api.routes.privacy import change_consents, erase, read_consents
from serving.auth.scopes import KeyScope, allows
from serving.customers.order_months import timeline_figures
from serving.predictions.consent_gate import UNKNOWN_CUSTOMER
from serving.predictions.feature_reader import FEATURES_UNAVAILABLE
from serving.problems import RETRY_AFTER
from serving.schemas.predictions import DEFAULT_PARTS, PARTS, PredictionRequest
from serving.schemas.privacy import ConsentChanges
from serving.web.address import customer_path
from serving.web.forms import submitted_form
from serving.web.rendering import render
from serving.web.routing import page_access, page_change, page_router
from serving.web.views.customer_consents import ConsentSwitch, consent_switches
from serving.web.views.customers import customer_view

if TYPE_CHECKING:
    from serving.api.app_state import AppState

SEARCH_PATH = f"{PAGE_PATH}customers"
CUSTOMER_PATH = f"{SEARCH_PATH}/{{customer_id:text}}"
_STATUSES = {UNKNOWN_CUSTOMER: 404, FEATURES_UNAVAILABLE: 503}

ROUTER = page_router()


@dataclass(frozen=True)
class ForgottenView:
    """Forgotten view: how far an erasure has come; no id."""

    status: str
    known: bool
    removed: dict[str, int]
    retained: str


@ROUTER.get(SEARCH_PATH, dependencies=[page_access(KeyScope.VIEW)])
async def search(request: Request) -> Response:
    """The field for an exact id; an id leads to its customer."""
    customer_id = request.query_params.get("id", "")
    if canonical_id(customer_id):
        return RedirectResponse(customer_path(customer_id), 303, {"Cache-Control": "no-store"})
    return render(request, "customers/search.html")


@ROUTER.get(CUSTOMER_PATH, dependencies=[page_access(KeyScope.VIEW)])
async def customer(request: Request) -> Response:
    """The page of one customer; ``card`` makes it a compact card for a sidebar."""
    return await _page(request, visible_customer_id(request))


@ROUTER.post(f"{CUSTOMER_PATH}/consents", dependencies=[page_change(KeyScope.CONSENT)])
async def change_consent(request: Request) -> Response:
    """Change one consent, then show the customer."""
    customer_id, form = visible_customer_id(request), submitted_form(request)
    channel = {"channel": form["channel"]} if form.get("channel") else {}
    change = {"purpose": form.get("purpose", ""), "granted": form.get("granted") == "true", **channel}
    changes = validate_json(orjson.dumps({"consents": [change]}), ConsentChanges)
    await change_consents(request, customer_id, changes)
    target = f"{customer_path(customer_id)}?changed={changes.consents[0].purpose}#consents"
    return RedirectResponse(target, 303, {"Cache-Control": "no-store"})


@ROUTER.post(f"{CUSTOMER_PATH}/forget", dependencies=[page_change(KeyScope.ADMIN)])
async def forget(request: Request) -> Response:
    """Erase a customer whose id was typed once more."""
    customer_id, canonical_ids = visible_customer_id(request), app_state_of(request).canonical_ids
    if canonical_ids(submitted_form(request).get("typed_id", "")) != canonical_ids(customer_id):
        return await _page(request, customer_id, wrong_id=True)
    return render(request, "customers/forgotten.html", _forgotten_view(await erase(request, customer_id)))


def _forgotten_view(report: dict[str, Any]) -> ForgottenView:
    removed = {name: count for name, count in report["removed"].items() if count}
    return ForgottenView(report["status"], report["known"], removed, report["retained"])


async def _page(request: Request, customer_id: str, *, wrong_id: bool = False) -> Response:
    app_state = app_state_of(request)
    is_card = "card" in request.query_params
    parts = DEFAULT_PARTS if is_card else PARTS
    wanted = PredictionRequest(customer_ids=[customer_id], include=[*parts], curve=not is_card)
    (prediction,), history = await asyncio.gather(
        predict(request, wanted, all_day=True), customer_history(request, customer_id, timeline_figures)
    )
    consents = await _switches(request, app_state, customer_id)
    view = replace(
        customer_view(prediction, history, consents, app_state.now(), app_state.zone),
        is_card=is_card,
        changed=request.query_params.get("changed"),
        wrong_id=wrong_id,
    )
    response = render(request, "customers/customer.html", view, 422 if wrong_id else _STATUSES.get(view.status, 200))
    if view.status == FEATURES_UNAVAILABLE:
        response.headers.update(RETRY_AFTER)
    return response


async def _switches(request: Request, app_state: AppState, customer_id: str) -> Sequence[ConsentSwitch] | None:
    """The consents of a customer where the key may read them, which adds an audit line."""
    if not allows(caller(request).scopes, KeyScope.CONSENT):
        return None
    return consent_switches(await read_consents(request, customer_id), app_state.zone)
