"""What no single project owns: scenarios, architecture rules, benchmarks."""
