"""The output head at one position, for the options alone: what first-token alignment computes instead of all logits.

Of a batch, the base model's last hidden state is taken where the answer begins, and multiplied by those rows of the
output head that are some option's tokens. Padding stands on the right, where a causal model never looks from the left,
so no mask is needed. A head that does more than a matrix product (a cap on logits, a scale) is found out by one exact
check; the model's own head is then asked, at that one position.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import MethodType
from typing import Any

PROBES = (-64.0, 64.0)
"""Between which logits the check looks whether anything is done to them; a cap is at 30 or so."""


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A batch of rows with `ids`, `options` (tokens of each option) and `shares`. Tensors:

    `input_ids` [rows, longest], filled up on the right; `last` [rows], where the answer begins; `tokens` [n], every
    option's token once; `spelt` [rows, options, n], which of them are added up for an option; `people` [rows, options],
    padded by zeros where an item has fewer options than another, as `spelt` is by nothing.
    """
    import torch

    longest = max(len(row["ids"]) for row in rows)
    most = max(len(row["options"]) for row in rows)
    tokens = sorted({token for row in rows for spellings in row["options"] for token in spellings})
    place = {token: number for number, token in enumerate(tokens)}
    spelt = torch.zeros((len(rows), most, len(tokens)), dtype=torch.bool)
    people = torch.zeros((len(rows), most))
    for index, row in enumerate(rows):
        for option, spellings in enumerate(row["options"]):
            spelt[index, option, [place[token] for token in spellings]] = True
        people[index, : len(row["shares"])] = torch.tensor(row["shares"])
    return {
        "input_ids": torch.tensor([[*row["ids"], *[0] * (longest - len(row["ids"]))] for row in rows]),
        "last": torch.tensor([len(row["ids"]) - 1 for row in rows]),
        "tokens": torch.tensor(tokens),
        "spelt": spelt,
        "people": people,
    }


def divergence(logits: Any, spelt: Any, people: Any, mean: bool) -> Any:
    """Mean over the rows of KL(people ‖ model), in nats. `logits` [rows, n] are those of the n tokens. An option's
    probability is the sum over its spellings', out of all options'. With `mean`, each row is divided by its number of
    options."""
    import torch

    there = spelt.any(-1)
    nothing = torch.finfo(logits.dtype).min
    options = torch.logsumexp(logits[:, None, :].masked_fill(~spelt, nothing), dim=-1)
    model = torch.log_softmax(options.masked_fill(~there, nothing), dim=-1).masked_fill(~there, 0.0)
    each = (torch.special.xlogy(people, people) - people * model).sum(-1)
    return (each / there.sum(-1) if mean else each).mean()


@contextmanager
def narrowed(causal: Any, mean: bool) -> Iterator[bool]:
    """While it lasts, `causal(**batch)` of `collate` gives `{"loss": …}`, and any other call what it always gave; so
    whatever wraps the model (PEFT, FSDP) sees one call of it. Gives whether the head's rows are multiplied alone."""
    plain = causal.forward
    alone = multiplies(causal)

    def forward(self: Any, *args: Any, spelt: Any = None, **feed: Any) -> Any:
        if spelt is None:
            return plain(*args, **feed)
        ids, last, tokens, people = (feed[key] for key in ("input_ids", "last", "tokens", "people"))
        logits = rows_alone(self, plain, ids, last, tokens) if alone else own_head(self, plain, ids, last)[:, tokens]
        return {"loss": divergence(logits.float(), spelt, people, mean)}

    causal.forward = MethodType(forward, causal)
    try:
        yield alone
    finally:
        del causal.forward


def rows_alone(causal: Any, plain: Any, ids: Any, last: Any, tokens: Any) -> Any:
    """Logits of `tokens` after the place `last` of each row, [rows, n], in float32. The head is called by the model as
    it always is, so that weights which are spread over processes are there when it is."""
    import torch

    head = causal.get_output_embeddings()

    def few(hidden: Any) -> Any:
        hidden = hidden[torch.arange(len(last), device=last.device), last]
        with torch.autocast(hidden.device.type, enabled=False):
            bias = None if head.bias is None else head.bias[tokens].float()
            return torch.nn.functional.linear(hidden.float(), head.weight[tokens].float(), bias)

    head.forward = few
    try:
        return plain(input_ids=ids, use_cache=False).logits
    finally:
        del head.forward


def own_head(causal: Any, plain: Any, ids: Any, last: Any) -> Any:
    """All logits after the place `last` of each row, [rows, vocabulary], out of the model's own head."""
    import torch

    def only_last(_module: Any, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
        hidden = arguments[0]
        return (hidden[torch.arange(len(last), device=last.device), last].unsqueeze(1), *arguments[1:])

    hook = causal.get_output_embeddings().register_forward_pre_hook(only_last)
    try:
        return plain(input_ids=ids, use_cache=False).logits[:, 0]
    finally:
        hook.remove()


def multiplies(causal: Any) -> bool:
    """Whether a logit is the product of the base model's last hidden state with the token's row, plus its bias, and
    nothing else. Looked at in three places: what the head gets, what it does, and what becomes of what it gives."""
    import torch

    head = causal.get_output_embeddings()
    if type(head).forward is not torch.nn.Linear.forward:
        return False
    got: dict[str, Any] = {}

    def seen(_module: Any, _arguments: tuple[Any, ...], given: Any) -> None:
        got["base"] = given.last_hidden_state

    def strange(_module: Any, arguments: tuple[Any, ...], given: Any) -> Any:
        got["hidden"] = arguments[0]
        got["given"] = torch.linspace(*PROBES, given.numel(), device=given.device, dtype=given.dtype).view_as(given)
        return got["given"]

    was = causal.training
    causal.eval()
    ids = torch.arange(4, device=head.weight.device)[None] + 1
    hooks = [causal.base_model.register_forward_hook(seen), head.register_forward_hook(strange)]
    try:
        with torch.no_grad():
            logits = causal(input_ids=ids, use_cache=False).logits
        return bool(
            {"base", "hidden"} <= got.keys()
            and got["hidden"].shape == got["base"].shape
            and torch.allclose(got["hidden"], got["base"], rtol=1e-5, atol=1e-6)
            and logits.shape == got["given"].shape
            and torch.equal(logits.to(got["given"].dtype), got["given"])
        )
    except Exception:  # whatever an architecture does not take, its own head is asked for then
        return False
    finally:
        for hook in hooks:
            hook.remove()
        causal.train(was)
