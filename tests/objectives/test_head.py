"""The loss over the options' rows is the loss out of all logits, in value and in gradient, whatever the head does."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from auditc.backends.transformers import open_trainee
from auditc.backends.transformers.params import Params
from auditc.objectives._batches import Batches
from auditc.objectives._head import collate, multiplies, narrowed
from auditc.objectives._rows import rows
from tests.objectives import small

HEADS: dict[str, tuple[str, bool, dict[str, Any]]] = {
    "llama": ("Llama", True, {}),
    "tied": ("Llama", True, {"tie_word_embeddings": True}),
    "gemma3": ("Gemma3", True, {}),
    "qwen2 with biases": ("Qwen2", True, {}),
    "a head with a bias": ("Phi", True, {}),
    "gemma2, whose logits are capped": ("Gemma2", False, {"final_logit_softcapping": 30.0}),
    "cohere, whose logits are scaled": ("Cohere", False, {"logit_scale": 0.25}),
    "granite, whose logits are divided": ("Granite", False, {"logits_scaling": 8.0}),
}


def full(causal: Any, learnt: list[dict[str, Any]], mean: bool) -> Any:
    """The same loss as it is written down: all logits of all places, prompt by prompt."""
    import torch

    losses = []
    for row in learnt:
        logits = causal(input_ids=torch.tensor([row["ids"]]), use_cache=False).logits[0, -1]
        probabilities = torch.softmax(logits.double(), -1)
        options = torch.stack([probabilities[list(tokens)].sum() for tokens in row["options"]])
        model = options / options.sum()
        terms = [s * (math.log(s) - p.log()) for s, p in zip(row["shares"], model, strict=True) if s > 0]
        losses.append(sum(terms) / (len(terms) if mean and all(row["shares"]) else 1))
    return torch.stack(losses).mean()


@pytest.mark.parametrize("name", HEADS)
def test_the_loss_and_its_gradient_are_those_of_all_logits(name: str, tmp_path: Path) -> None:
    import torch

    architecture, alone, config = HEADS[name]
    source = small.model(tmp_path / "model", architecture, **config)
    attention: Any = "eager" if architecture == "Gemma2" else "sdpa"  # the library has no other for it
    trainee = open_trainee(source, Params(threads=1, attention=attention), small.settings(adapter=small.FULL))
    double = (("A", "a"), ("B", "b"), ("C",))
    examples = [small.example(0, 4), small.example(1, 2), small.example(2, 3, double)]
    learnt = rows(examples, trainee)
    causal = trainee.model.eval()
    assert multiplies(causal) is alone
    for mean in (False, True):
        gradients = []
        with narrowed(causal, mean) as found:
            assert found is alone
            ours = causal(**collate(learnt))["loss"]
            ours.backward()
            gradients.append({key: part.grad.clone() for key, part in causal.named_parameters()})
        causal.zero_grad()
        plain = full(causal, learnt, mean)
        plain.backward()
        gradients.append({key: part.grad.clone() for key, part in causal.named_parameters()})
        causal.zero_grad()
        assert float(ours.detach()) == pytest.approx(float(plain.detach()), abs=1e-5)
        for key, gradient in gradients[0].items():
            torch.testing.assert_close(gradient, gradients[1][key], rtol=1e-4, atol=1e-5)


def test_a_cap_is_found_where_all_logits_are_small(tmp_path: Path) -> None:
    """Logits near zero come through a cap almost as they are; it would be seen late, in the middle of a training."""
    capped = {"final_logit_softcapping": 30.0, "initializer_range": 1e-4}
    source = small.model(tmp_path / "model", "Gemma2", **capped)
    trainee = open_trainee(source, Params(threads=1, attention="eager"), small.settings())
    assert not multiplies(trainee.model.get_base_model())


def test_options_that_nobody_chooses_cost_nothing(tmp_path: Path) -> None:
    import torch

    from auditc.objectives._head import divergence

    spelt = torch.eye(3, dtype=torch.bool)[None]
    people = torch.tensor([[0.5, 0.5, 0.0]])
    logits = torch.tensor([[1.0, 1.0, -1e9]], requires_grad=True)
    loss = divergence(logits, spelt, people, mean=False)
    loss.backward()
    assert float(loss.detach()) == pytest.approx(0.0, abs=1e-6) and bool(torch.isfinite(logits.grad).all())


def test_batches_hold_every_example_once_and_hang_on_the_seed_and_the_epoch_alone() -> None:
    lengths = [10 + (7 * n) % 90 for n in range(150)]
    batches = Batches(lengths, 16, seed=3)
    first = list(batches)
    assert sorted(index for batch in first for index in batch) == list(range(150)) and len(first) == len(batches)
    assert list(batches) == first and list(Batches(lengths, 16, seed=4)) != first
    batches.set_epoch(1)
    assert list(batches) != first
    filled = sum(max(lengths[i] for i in batch) * len(batch) for batch in first)
    assert filled < 1.2 * sum(lengths)
