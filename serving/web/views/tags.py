"""View of an audience as tags: the tools of the shop, and the newest export to each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.tags.destinations import read_destinations
from serving.tags.held_out import require_listable
from serving.tags.tag_paging import summary_of
from serving.tags.tag_state_file import read_state, state_path

if TYPE_CHECKING:
    from serving.audiences.audience_service import ExportContext
    from serving.schemas.tags import TagExportResponse
    from serving.tags.tag_export_service import TagExportService


@dataclass(frozen=True, kw_only=True)
class DestinationView:
    """A tool, and the newest export to it where that is of this audience."""

    name: str
    channel: str
    export: TagExportResponse | None
    is_of_another: bool  # whether the tool has tags of another audience, which an export takes away


@dataclass(frozen=True, kw_only=True)
class TagsView:
    """The tools that an audience can be handed to."""

    audience_id: str
    audience_name: str | None
    destinations: Sequence[DestinationView]


def tags_view(service: TagExportService, audience_id: str, context: ExportContext) -> TagsView:
    """Return the view of an audience.

    Raises:
        AudienceNotFound: no audience is stored under this id.
        AudienceTooSmall: it has too few members for this actor.
        StoreDamaged: what a tool has cannot be read.
    """
    require_listable(service.audiences, audience_id, context)
    metadata, destinations = service.audiences.metadata(audience_id, context), list[DestinationView]()
    for name, config in read_destinations(service.home).items():
        state = read_state(state_path(service.home, name))
        is_own = state.export is not None and state.export.audience_id == audience_id
        destinations.append(
            DestinationView(
                name=name,
                channel=config.channel,
                export=summary_of(state) if is_own else None,
                is_of_another=not is_own and len(state) > 0,
            )
        )
    return TagsView(audience_id=audience_id, audience_name=metadata.name, destinations=destinations)
