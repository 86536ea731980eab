"""The `proxima` command."""
