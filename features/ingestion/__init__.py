"""Ingestion: raw files and tables become the canonical history in parquet; nothing here computes features."""
