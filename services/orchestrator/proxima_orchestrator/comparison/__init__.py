"""Whether two results say the same: pure statistics and verdicts over arrays; docs/comparison.md has the formulas."""
