"""The seven tasks: what each one reads, does, hands on and reports; as functions, three of them with an operator."""
