"""Stand-ins for Confluence and Twig that run on loopback, so that the pipeline can be tried and tested without accounts."""
