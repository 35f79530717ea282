"""Source digests: whether anything that flywheel.toml names has changed since a history was written."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from features.config.shop import ShopConfig
from features.ingestion.canonical_schema import Table, canonical_tables
from features.ingestion.labelled_rows import TextClassifier
from features.ingestion.raw_tables import content_digest


def source_digest(config: ShopConfig, classifier: TextClassifier | None = None) -> str:
    """sha256 over every source that the configuration names, joined files, aliases and the classifier of texts too."""
    return combine_digests([
        *(table_digest(table, config.folder) for table in canonical_tables(config)), *alias_digests(config),
        *classifier_digests(config, classifier),
    ])  # fmt: skip


def classifier_digests(config: ShopConfig, classifier: TextClassifier | None) -> list[str]:
    """The digest of the classifier of texts; empty for a log without texts."""
    return [] if config.feedback is None or classifier is None else [classifier.digest]


def table_digest(table: Table, folder: Path) -> str:
    """sha256 over the files of a table and those that are joined to it."""
    paths = (table.section.path, *(join.path for join in table.section.join))
    digests = [content_digest(path, folder) for path in paths]
    return digests[0] if len(digests) == 1 else combine_digests(digests)


def alias_digests(config: ShopConfig) -> list[str]:
    """The sha256 of the aliases; empty where there are none."""
    return [] if config.aliases is None else [content_digest(config.aliases.path, config.folder)]


def combine_digests(digests: Iterable[str]) -> str:
    """sha256 over other digests."""
    return hashlib.sha256("".join(digests).encode()).hexdigest()
