"""The two commands of the Makefile: ``run`` (everything on this machine) and ``sync`` (headless, in process)."""
