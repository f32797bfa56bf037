"""From answers to findings: every statistic of an audit, and the only place where there are any."""

from .conclude import conclude

__all__ = ["conclude"]
