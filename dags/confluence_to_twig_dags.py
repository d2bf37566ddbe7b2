# One DAG for each source. Airflow only reads files that mention "dag" and "airflow".
from confluence_to_twig import build_dags

dags = build_dags()
