"""Storage format → plain HTML nodes: parsing, macros, links, includes."""
