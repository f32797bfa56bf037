"""How a written answer becomes an option or a reason, never a guess. Every method that asks in words reads with it."""

from .choice import Labels, label, read_choice
from .choices import read_choices
from .refusal import is_refusal

__all__ = ["Labels", "is_refusal", "label", "read_choice", "read_choices"]
