"""``confluence-to-twig doctor``: what both sides offer, what a first run will come to, and what a person has to do. Changes nothing."""
