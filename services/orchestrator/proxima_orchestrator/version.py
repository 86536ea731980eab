"""The version of the orchestrator; the same as in pyproject.toml, and there also where no distribution is installed."""

VERSION = "0.1.0"
