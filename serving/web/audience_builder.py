"""Builder: the view of one query, from the answer of the service and, where it is whole, what the form offers."""

from __future__ import annotations

from dataclasses import dataclass

from serving.audiences.audience_service import ExportContext
from serving.web.audience_answers import AudienceSource, answer_query
from serving.web.audience_query import AudienceQuery
from serving.web.economics_query import offers_of
from serving.web.rendering import PageRequest, RenderedPage
from serving.web.views.audience_answer import answer_view
from serving.web.views.audience_builder import (
    BuilderView,
    ChannelView,
    addable_columns,
    conditions_of,
    matching_columns,
    sliders_of,
)


@dataclass(frozen=True)
class BuilderRequest:
    """Builder request: a query and who sends it; the process of the builder receives it."""

    query: AudienceQuery
    export: ExportContext
    is_update: bool  # whether only the part that changes with the conditions is asked for
    page: PageRequest


@dataclass(frozen=True)
class BuilderPage:
    """Builder page: the rendered page, and its status."""

    page: RenderedPage
    status: int


def builder_page(source: AudienceSource, request: BuilderRequest) -> BuilderPage:
    """Return the page of the builder for one query; 422 where the query is invalid and a whole page was asked for.

    Raises:
        InvalidScores: there are no scores.
    """
    view = builder_view(source, request.query, request.export, is_whole=not request.is_update)
    if request.is_update:
        return BuilderPage(request.page.render("audiences/_update.html", view), 200)
    return BuilderPage(request.page.render("audiences/builder.html", view), 200 if view.answer else 422)


def builder_view(source: AudienceSource, query: AudienceQuery, export: ExportContext, *, is_whole: bool) -> BuilderView:
    """Return the view of the builder; the parts that do not change with a slider only where it is whole.

    Raises:
        InvalidScores: there are no scores.
    """
    answer = answer_query(source, query, export)
    sliders, answered, conditions = sliders_of(answer), answer_view(answer), conditions_of(answer)
    if not is_whole:
        return BuilderView(
            query=query, sliders=sliders, answer=answered, errors=answer.errors, conditions=conditions, columns={}
        )
    counts = source.audience_service.columns.channel_counts(
        query.choice("purpose", "marketing"), export.now, is_admin=export.is_admin
    )
    return BuilderView(
        query=query,
        sliders=sliders,
        answer=answered,
        errors=answer.errors,
        conditions=conditions,
        columns=addable_columns(answer),
        matches=matching_columns(answer),
        offers=offers_of(source.home) if export.reads_experiments else (),
        channels=[ChannelView(name=name, agreed=agreed, enabled=bool(agreed)) for name, agreed in counts.items()],
    )
