"""Judges with known errors on answers with a known share of faults, through the estimator that findings are made by.

Where `alike` is not zero, participants differ in how often their answers have the fault: by a beta distribution whose
correlation within a participant is that number.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from auditc.evidence.prevalence import Counted, corrected, worth
from auditc.metrics import metrics

SEED = 20261121
SENSITIVITY, SPECIFICITY = 0.85, 0.8


@dataclass(frozen=True, slots=True)
class Recovered:
    """How often the interval held the truth, by how much the estimate is off on average before it is brought within 0
    and 1 and after, and how far the interval reaches to each side."""

    covered: float
    bias: float
    clipped_bias: float
    half: float
    refused: float


def recovered(
    truth: float, *, answers: int, cases: int, repetitions: int, alike: float = 0.0, participants: int = 60
) -> Recovered:
    """Audits in which a judge reads `answers` answers, and `cases` cases of each kind."""
    generator = np.random.default_rng(SEED)
    metric = metrics.take("insensitivity")
    params = metric.params.model_validate({"judge": "judge"})
    held, raw, clipped, half, refused = 0, [], [], [], 0
    for repetition in range(repetitions):
        of = generator.integers(participants, size=answers)
        rates = np.full(participants, truth)
        if alike:
            strength = 1 / alike - 1
            rates = generator.beta(truth * strength, (1 - truth) * strength, size=participants)
        faulty = generator.random(answers) < rates[of]
        says = generator.random(answers) < np.where(faulty, SENSITIVITY, 1 - SPECIFICITY)
        found = corrected(
            Counted(int(says.sum()), answers),
            Counted(int(generator.binomial(cases, SENSITIVITY)), cases),
            Counted(int(generator.binomial(cases, SPECIFICITY)), cases),
            worth=worth(says, (of,)),
            seed=repetition,
            metric=metric,
            params=params,
        )
        if found.point is None or found.low is None or found.high is None:
            refused += 1
            continue
        held += found.low <= truth <= found.high
        raw.append(found.raw)
        clipped.append(found.point)
        half.append((found.high - found.low) / 2)
    made = repetitions - refused
    return Recovered(
        held / made,
        float(np.mean(raw)) - truth,
        float(np.mean(clipped)) - truth,
        float(np.mean(half)),
        refused / repetitions,
    )
