"""Planning: what a run must do to each page, and why."""
