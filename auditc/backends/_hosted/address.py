"""Addresses of servers: what a spec may give as one, and the one way in which identity writes it."""

from __future__ import annotations

from urllib.parse import urlsplit

URL = r"^https?://[^\s@/?#]+(/[^\s?#]*)?$"
"""An address without a user, a password or a query: none of these may stand in a spec."""


def address(url: str) -> str:
    """A host's letters are small, and no slash ends an address."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path.rstrip('/')}"


def host(url: str) -> str:
    """The host, with its port where one is given."""
    return urlsplit(url).netloc.lower()
