"""The language an author writes: text to syntax tree and back. Knows blocks and expressions, never their meaning."""

from .format import format_file
from .parse import parse
from .read import read

__all__ = ["format_file", "parse", "read"]
