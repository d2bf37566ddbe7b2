"""The Confluence side: sign-in, sweep and extraction, on Cloud (v2 with a little v1) and Data Center (v1)."""
