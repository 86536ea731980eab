"""The lret backend side by side with its peers: `just bench lret`. docs/lret-benchmark.md says how to read it."""
