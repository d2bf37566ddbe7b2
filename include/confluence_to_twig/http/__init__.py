"""HTTP, for both sides: one bounded exchange, one pace, one retry loop."""
