"""Current tags: who has tags now and which, by the scores, the consents and the hold-outs of a home."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from features.arrays import Booleans
from features.calendar import local_day
from features.config.tags import TagsConfig
from features.consents.consent import MARKETING, ReachRequest
from features.consents.ledger import Ledger
from features.decisions.decision_log import DecisionLog
from serving.audiences.audience_service import AudienceService, ExportContext
from serving.audiences.global_holdout import without_holdout
from serving.audiences.query.scores_table import Columns
from serving.audiences.scoring_context import audience_context, scoring_release
from serving.tags.contacts import CONTACT_COLUMNS, Recipients, read_contacts
from serving.tags.experiment_controls import control_members
from serving.tags.held_out import held_out_members, members_to_contact
from serving.tags.tag_assignment import Band, Bands, all_bands, assign_tags
from serving.tags.tag_limits import check_names, check_sets
from serving.tags.tag_sets import TagSet, TagSets
from training.experiments.record.global_holdout import global_holdout_on


def marketing_on(config: TagsConfig) -> ReachRequest:
    """Return what a customer with tags has to agree to: profiling, and marketing on the channel of the destination."""
    return ReachRequest(MARKETING, config.channel)


@dataclass(frozen=True)
class CurrentTags:
    """The tags that the customers of a home should have in one tool."""

    home: Path
    ledger: Ledger
    audiences: AudienceService
    decisions: DecisionLog

    def bands(self, config: TagsConfig, now: int) -> list[Band]:
        """Return every tag that the destination can get, checked against the limits of its tool.

        Raises:
            InvalidScores: there are no scores.
            TagLimitExceeded: the tags exceed a limit of the tool.
        """
        columns = self.audiences.scores.columns()
        bands = all_bands(columns, config, self._bands(columns, now))
        check_names(bands, config)
        return bands

    def keys(self, config: TagsConfig, now: int) -> TagSet:
        """Return the key of every tag that the destination can get; raises as ``bands`` does."""
        return frozenset(band.key(config.prefix) for band in self.bands(config, now))

    def assign(
        self, config: TagsConfig, audience_id: str | None, context: ExportContext, at: int
    ) -> tuple[Recipients, TagSets]:
        """Return all recipients of a destination, and the tags of each: none for who must not be approached.

        Raises:
            AudienceNotFound: no audience is stored under this id.
            AudienceTooSmall: it has too few members for this actor.
            TagFileInvalid: the contacts cannot be read.
            TagLimitExceeded: a customer has more tags than the tool takes.
            InvalidScores: there are no scores.
        """
        columns = self.audiences.scores.columns()
        selected = self._customers_to_tag(columns, config, context.now, at)
        if audience_id is not None:
            selected &= columns.customer_mask(members_to_contact(self.audiences, audience_id, context))
        tags = assign_tags(columns, config, self._bands(columns, context.now)).where(selected)
        check_sets(tags, config)
        recipients = self._recipients(columns, config)
        return recipients, tags.take(recipients.rows)

    def _customers_to_tag(self, columns: Columns, config: TagsConfig, now: int, at: int) -> Booleans:
        """Return the customers who agreed, and whom no hold-out and no control arm keeps untreated, (customers,)."""
        agreed = self.audiences.consent_filter.mask(columns, marketing_on(config), now)
        zone = audience_context(self.home, scoring_release(columns)).zone
        day = local_day(at, zone)
        holdout = global_holdout_on(self.home, day)
        selected = without_holdout(agreed, columns, holdout, self.audiences.derive_key("holdout"))
        untreated = [
            *held_out_members(self.audiences.folder),
            *control_members(self.home, self.decisions, day, zone),
        ]
        return selected & ~columns.customer_mask(untreated)

    def _recipients(self, columns: Columns, config: TagsConfig) -> Recipients:
        if config.contacts is None:
            return Recipients.of_customers(columns.ids)
        required = CONTACT_COLUMNS if config.tool == "wecom" else CONTACT_COLUMNS[:2]
        contacts = read_contacts(Path(config.contacts), self.ledger.id_case(), required)
        return Recipients.of_contacts(contacts, columns.ids)

    def _bands(self, columns: Columns, now: int) -> Bands:
        scoring = audience_context(self.home, scoring_release(columns))
        return Bands(scoring.bands, local_day(now, scoring.zone))
