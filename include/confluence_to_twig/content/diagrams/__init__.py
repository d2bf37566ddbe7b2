"""Diagrams as text: what their shapes say, and which leads to which. Pure functions over bytes, bounded in time and memory."""
