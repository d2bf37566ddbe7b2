"""The seven tasks, as plain functions: what each one reads, does, hands on and reports."""
