"""Confluence's two APIs behind one client: addresses, sign-in, listings, errors that say what to do."""
