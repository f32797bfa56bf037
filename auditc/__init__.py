"""auditc: a compiler and a runtime for audits of the values of language models."""

__version__ = "0.1.0"
