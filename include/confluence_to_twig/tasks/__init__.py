"""The seven tasks: a function for each, and an operator for the three that wait."""
