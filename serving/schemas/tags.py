"""Tag schemas: requests and responses of the exports of tags."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from serving.schemas.base import StrictModel


class TagExportRequest(StrictModel):
    """The tool that gets the tags."""

    destination: str = Field(max_length=40, description="A section of `[tags]` in flywheel.toml, such as `wecom`.")


class TagExportResponse(StrictModel):
    """The newest export of tags to a tool."""

    export_id: str
    destination: str
    audience_id: str | None = Field(description="The audience whose members have tags; null for all customers.")
    begun_at: datetime = Field(description="By the clock of the machine.")
    confirmed: bool = Field(description="Whether the consumer has applied all changes; then none are left.")
    changed: int = Field(description="Customers, or contacts of the tool, whose tags change.")
    added: int = Field(description="Tags to add, of all of them together.")
    removed: int = Field(description="Tags to remove, of all of them together.")


class TagChange(StrictModel):
    """The changes of one customer, or of one contact of the tool; no tag is both added and removed."""

    customer_id: str
    external_userid: str | None = Field(default=None, description="Only where the destination has contacts.")
    userid: str | None = Field(default=None, description="Only where the destination has contacts.")
    add: list[str] = Field(description="Keys of the tags to add; one that is there already stays.")
    remove: list[str] = Field(
        description="Keys of the tags to remove; one that is not there is no error. Who may not be reached any more "
        "loses every tag of the destination."
    )
    tags: list[str] = Field(description="Keys of all tags after the change, for a tool that replaces the whole list.")


class TagChangesResponse(StrictModel):
    """A page of changes."""

    export_id: str
    changes: list[TagChange]
    next: str | None = Field(description="The cursor of the next page; null on the last one.")
