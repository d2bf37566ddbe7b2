"""Alerts: telling people what they must know, once a problem, where they want to hear it. The log always hears it."""
