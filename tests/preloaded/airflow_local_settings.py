"""What each process of an Airflow imports first: here the scheduler takes in what tasks need, before it forks into them."""

import sys
from importlib import import_module

__all__: list[str] = []  # no setting of Airflow is another one
TASKS = ("validate", "discover", "extract", "transform", "load", "prune", "verify")

if sys.argv[1:] == ["scheduler"]:
    import_module("airflow.dag_processing.dagbag")
    for task in TASKS:
        import_module(f"confluence_to_twig.tasks.{task}")
    import_module("confluence_to_twig.dag")
