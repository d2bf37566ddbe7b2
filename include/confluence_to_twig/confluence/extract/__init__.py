"""Extraction: the bodies of the planned pages with all that belongs to them, as Parquet."""
