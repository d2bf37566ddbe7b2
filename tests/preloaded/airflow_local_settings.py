"""What each process of an Airflow imports first. Whoever starts tasks, the scheduler or a Celery worker, takes in what they need before it
forks into them; the API server builds the newest version of the API of tasks alone.
"""

import os
import sys
from importlib import import_module

__all__: list[str] = []  # no setting of Airflow is another one
TASKS = ("validate", "discover", "extract", "transform", "load", "prune", "verify")

STARTS_TASKS = "celery" if os.environ.get("AIRFLOW__CORE__EXECUTOR") == "CeleryExecutor" else "scheduler"

match sys.argv[1:2]:
    case [command] if command == STARTS_TASKS:
        import_module("airflow.dag_processing.dagbag")
        for task in TASKS:
            import_module(f"confluence_to_twig.tasks.{task}")
        import_module("confluence_to_twig.dag")
    case ["api-server"]:
        import_module("confluence_to_twig.airflow_private").keep_newest_task_api()
