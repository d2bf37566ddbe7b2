"""The page "Confluence → Twig" in Airflow's UI: the state of each source, and a playground to ask Twig."""
