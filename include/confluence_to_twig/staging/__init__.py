"""Staging: the folder tree of Parquet files through which tasks hand data on."""
