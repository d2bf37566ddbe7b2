# Shows every mistake in the sources as an import error of this file, for Airflow: it holds no DAG of its own.
from confluence_to_twig import raise_problems

raise_problems()
