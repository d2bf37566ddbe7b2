"""The console script ``confluence-to-twig``: its commands run in the Airflow of whoever calls them."""
