"""One DAG for each source of the sources file. Airflow only parses files that mention "dag" and "airflow"."""

from confluence_to_twig.dag import build_dags

for dag in build_dags():
    globals()[dag.dag_id] = dag
