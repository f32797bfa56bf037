"""The trainings of a plan: what is learnt, whether it was learnt before, who carries it out, and what comes of it."""
