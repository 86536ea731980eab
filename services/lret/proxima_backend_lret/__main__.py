"""Serves the lret backend: `python -m proxima_backend_lret --listen unix:/run/proxima/lret.sock`."""

from __future__ import annotations

from proxima_runtime.backend.serve import serve
from proxima_runtime.backend.settings import BackendSettings

from proxima_backend_lret.engine import LretEngine


def main() -> None:
    """Read the settings and serve until told to stop."""
    # numpy is kept to one thread here, whatever there are: results must not name more than they used.
    serve(LretEngine, BackendSettings.load().model_copy(update={"thread_count": 1}))


if __name__ == "__main__":
    main()
