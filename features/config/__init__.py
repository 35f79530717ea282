"""Configuration: flywheel.toml as frozen, validated objects; environment variables are read in serving/settings.py."""
