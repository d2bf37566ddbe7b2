"""Runs: what a run is, what its tasks record, and what is left of it: report, history, freshness."""
