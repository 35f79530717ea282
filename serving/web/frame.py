"""Frame of a page: what surrounds every section, such as the shop's name, the navigation and what the key allows."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode
from zoneinfo import ZoneInfo

from starlette.requests import Request

from serving.api.auth_middleware import SAFE_METHODS
from serving.api.dependencies import app_state_of
from serving.api.pages import PAGE_PATH
from serving.auth.api_keys import Caller
from serving.auth.scopes import KeyScope, allows
from serving.web.address import path_of, query_of
from serving.web.language import LANGUAGE_PARAMETER, Language
from serving.web.static_files import static_files

# The sections in the order of the navigation, and the paths that belong to them.
SECTIONS = {
    "today": PAGE_PATH,
    "customers": f"{PAGE_PATH}customers",
    "audiences": f"{PAGE_PATH}audiences",
    "calendar": f"{PAGE_PATH}calendar",
    "campaigns": f"{PAGE_PATH}campaigns",
    "quality": f"{PAGE_PATH}quality",
}


@dataclass(frozen=True, kw_only=True)
class Frame:
    """Frame: what the base template shows around a section."""

    language: Language
    shop: str | None  # None before the first release
    currency: str | None
    zone: ZoneInfo
    section: str | None  # of the navigation; None on a page that belongs to none
    scopes: tuple[KeyScope, ...]
    signed_in: bool  # whether by a session, which can be ended
    form_token: str
    language_links: dict[Language, str]

    @property
    def sections(self) -> dict[str, str]:
        """The paths of the sections of the navigation."""
        return SECTIONS

    def can(self, scope: str) -> bool:
        """Whether the key of this person has a scope; what lacks it is shown disabled."""
        return allows(self.scopes, KeyScope(scope))

    def static(self, name: str) -> str:
        """The path of a static file."""
        return static_files()[name].path


def frame_of(request: Request, language: Language, form_token: str) -> Frame:
    """The frame of the page that answers a request."""
    active = app_state_of(request).release_loader.current
    metadata = active.release.metadata if active else None
    caller: Caller | None = getattr(request.state, "caller", None)
    return Frame(
        language=language,
        shop=metadata.name if metadata else None,
        currency=metadata.currency if metadata else None,
        zone=app_state_of(request).zone,
        section=_section(request.scope["path"]),
        scopes=caller.scopes if caller else (),
        signed_in=caller is not None and caller.session is not None,
        form_token=form_token,
        language_links={other: _link_in(request, other) for other in Language},
    )


def _section(path: str) -> str | None:
    if path == PAGE_PATH:
        return "today"
    first = path.removeprefix(PAGE_PATH).partition("/")[0]
    return first if first in SECTIONS else None


def _link_in(request: Request, language: Language) -> str:
    """The same page in another language; a page that answered a form has no address, so the section's instead."""
    parameters = parse_qsl(query_of(request.scope), keep_blank_values=True)
    others = [pair for pair in parameters if pair[0] != LANGUAGE_PARAMETER]
    path = path_of(request.scope) if request.method in SAFE_METHODS else PAGE_PATH
    return f"{path}?{urlencode([*others, (LANGUAGE_PARAMETER, language.value)])}"
