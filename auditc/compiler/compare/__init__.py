"""Two audits side by side, as one compares contracts: what changed, and which figures can still be compared.

`view` lays a plan out in its author's words, `renames` finds what only has another name, `changes` lists what differs,
`consequences` says what each difference means, `figures` and `claims` what follows for every number and verdict, and
`conclude` is all of it in order.
"""

from .coherent import coherent
from .conclude import compare
from .outcome import Comparison

__all__ = ["Comparison", "coherent", "compare"]
