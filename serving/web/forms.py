"""Forms of the page: a form that changes something comes from the page itself, and carries the token of its browser.

Signed double submit (OWASP, "Cross-Site Request Forgery Prevention"): the token is bound to the session cookie or,
where the service needs no key, to a random cookie. A browser also says from where a form comes (``Sec-Fetch-Site``,
Fetch Metadata), to services over HTTPS or on its own machine.
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.requests import Request
from starlette.responses import Response

from serving.api.dependencies import app_state_of
from serving.api.request_parsing import form_body
from serving.auth.sessions import COOKIE
from serving.problems import Problem

FORM_COOKIE = "flywheel_form"  # of a browser without a session
TOKEN_FIELD, TOKEN_HEADER = "form_token", "X-Form-Token"
MAX_BYTES = 65_536
FormFields = ImmutableMultiDict[str, str]
_MAX_FIELDS = 1000


async def verify_form(request: Request) -> None:
    """Read the form of a request and check that this service's page sent it.

    Raises:
        Problem: 403 for a form of another site or without a valid token, and as ``form_body``.
    """
    require_same_origin(request)
    body = (await form_body(request, MAX_BYTES)).decode("utf-8", "replace")
    try:
        fields = FormFields(parse_qsl(body, keep_blank_values=True, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise Problem(413, f"Found more than {_MAX_FIELDS:,} fields in a form. Send fewer.") from None
    token = request.headers.get(TOKEN_HEADER) or fields.get(TOKEN_FIELD, "")
    if not app_state_of(request).sessions.verify_form_token(token, _form_cookie(request)):
        raise Problem(
            403, "Found a form without the token of this browser. Open the page again and send it from there."
        )
    request.state.form = fields


def submitted_form(request: Request) -> FormFields:
    """The verified fields of the form that a request to a page route sent."""
    fields: FormFields = request.state.form
    return fields


def require_same_origin(request: Request) -> None:
    """Refuse a form that a page of another site sent; ``HostMiddleware`` has refused those with a foreign Origin.

    Raises:
        Problem: 403 for another site.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise Problem(403, "Found a form of another site; expected one of this service. Open its page and try again.")


def form_token(request: Request) -> tuple[str, str | None]:
    """A token for the forms of a page, and the value of a new form cookie if the browser has none.

    A page that nobody is signed in for has no token.
    """
    if not hasattr(request.state, "caller"):
        return "", None
    cookie = _form_cookie(request)
    new_cookie = None if cookie else secrets.token_hex(16)
    return app_state_of(request).sessions.form_token(new_cookie or cookie), new_cookie


def set_private_cookie(request: Request, response: Response, name: str, value: str, seconds: int | None = None) -> None:
    """Set a cookie that no script reads and no other site sends; without ``seconds`` it ends with the browser.

    It is marked Secure over HTTPS; over plain HTTP a browser would drop such a cookie, and nobody could sign in.
    """
    response.set_cookie(name, value, seconds, secure=is_https(request), httponly=True, samesite="strict")


def is_https(request: Request) -> bool:
    """Whether the browser reaches the service over HTTPS, by itself or by the proxy before it."""
    forwarded = request.headers.get("x-forwarded-proto", "")
    return "https" in (request.scope["scheme"], forwarded.split(",")[0].strip().lower())


def _form_cookie(request: Request) -> str:
    return request.cookies.get(COOKIE) or request.cookies.get(FORM_COOKIE, "")
