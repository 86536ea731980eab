"""Tests of the statistics and verdicts of comparisons."""
