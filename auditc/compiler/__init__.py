"""From a spec to a plan: load, resolve, check, lower."""

from .pipeline import Compiled, check_spec, compile_spec

__all__ = ["Compiled", "check_spec", "compile_spec"]
