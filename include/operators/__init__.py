"""Operators: the two tasks that wait, for a human or for Twig, without holding a worker."""
