"""Sources: what a data engineer writes into ``sources.yaml``, checked."""
