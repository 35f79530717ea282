"""Init: looks at the exports of a shop and drafts a commented flywheel.toml; features.ingestion reads the files."""
