"""Alerts: tell people about a problem once, in the channels that they chose. The log gets every alert."""
