"""Monitoring: how releases did on what came true, and what drifted since they were trained."""
