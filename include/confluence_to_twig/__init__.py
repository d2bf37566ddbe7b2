"""Confluence → Twig for Airflow: keep a Twig data source in step with a Confluence space."""

import os

# Arrow asks for this once, when it is loaded: https://arrow.apache.org/docs/cpp/env_vars.html. Its own allocator keeps
# 50 MB of what a task has freed, also for its threads and files, which pyarrow.set_memory_pool does not reach.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
