"""The language an author writes: text to syntax tree and back. Knows blocks and expressions, never their meaning."""

from .parse import parse
from .read import read

__all__ = ["parse", "read"]
