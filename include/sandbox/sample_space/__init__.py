"""The sample space ``PROD``: the product documentation of Kelvane, a company that does not exist."""

from __future__ import annotations

from include.sandbox.sample_space.space import load

__all__ = ["load"]
