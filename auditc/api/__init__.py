"""The whole flow from a spec to a report, and every question the command line answers: one function each.

`specs` is about specs as they stand, `plans` and `runs` about what is made of them, `models` about what they need.
Rooms are imported inside the functions that walk through them, so that checking a spec starts no runtime.
"""
