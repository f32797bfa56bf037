"""The backend `anthropic`, on a provider of this machine that speaks its protocol."""

from __future__ import annotations

from ..case import Case
from .openai import LACKS, at_the_provider

CASES = {"anthropic": Case("anthropic", around=at_the_provider(""), lacks=LACKS)}
