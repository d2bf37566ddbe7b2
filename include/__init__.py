"""Confluence → Twig for Airflow: keep a Twig data source in step with a Confluence space."""
