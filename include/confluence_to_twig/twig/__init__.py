"""Twig: load, prune, process and verify over its REST API, or as files."""
