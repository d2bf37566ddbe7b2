"""The page "Confluence → Twig" in Airflow's UI: what staging knows of each source, and a box to ask Twig."""
