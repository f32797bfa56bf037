"""The layers of a model of a well-known build, over the tokens of many texts laid end to end.

The library computes texts side by side and fills the shorter ones up; here nothing is filled up, and what stands
between two matrix products is done in few passes over memory. The weights, the rotary tables and the embedding are the
library's own modules. What is computed is compared with the library once, when the model is opened; one that comes out
otherwise is not opened so. Which models are computed so is told without loading them (`builds`), and stands in the
identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from auditc.backends.transformers.builds import BUILDS, ROPES
from auditc.backends.transformers.products import ACTIVATIONS, lay_out

COARSE = 0.4
"""How far log-probabilities in bfloat16 may be from the library's in the mean over the vocabulary. It shows gross
faults; fine ones are seen in float32, where tests compare each build."""

Attend = Callable[[int, Any, Any, Any], Any]
"""(layer, queries [kv heads, tokens, queries a head, size], keys and values [kv heads, tokens, size]) -> what is
attended to, [tokens, all heads × size]."""


@dataclass(frozen=True, slots=True)
class Norm:
    """A root-mean-square norm: its weight, and what keeps it from a division by nothing."""

    weight: Any
    eps: float

    def __call__(self, x: Any) -> Any:
        import torch

        wide = x.float()
        scale = torch.linalg.vector_norm(wide, dim=-1, keepdim=True)
        scale = scale.square_().div_(x.shape[-1]).add_(self.eps).rsqrt_()
        return (wide * scale if wide is x else wide.mul_(scale)).mul_(self.weight).to(x.dtype)


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer, taken apart. `after` and `last` are norms of what the two halves give, where the build has them."""

    attention: Any
    mlp: Any
    activation: str
    before: Norm
    query: Norm | None
    key: Norm | None
    after: Norm | None
    middle: Norm
    last: Norm | None
    kind: str


@dataclass(frozen=True, slots=True)
class Decoder:
    """A model taken apart. `window` is how many tokens a layer of the kind `sliding_attention` sees."""

    model: Any
    layers: tuple[Layer, ...]
    norm: Norm
    size: int
    kv_heads: int
    window: int | None

    def hidden(self, ids: Any, positions: Any, attend: Attend) -> Any:
        """The last hidden state of each token, [tokens, hidden], before the last norm; both inputs are [tokens]."""
        inner = self.model.model
        x = inner.embed_tokens(ids)
        tables = self._tables(x, positions)
        for number, layer in enumerate(self.layers):
            x = self._layer(number, layer, x, tables[layer.kind], attend)
        return x

    def logits(self, hidden: Any) -> Any:
        """What the output head says after some of the hidden states, [rows, vocabulary]."""
        return self.model.get_output_embeddings()(self.norm(hidden))

    def _layer(self, number: int, layer: Layer, x: Any, table: tuple[Any, ...], attend: Attend) -> Any:
        import torch

        attention, mlp, tokens = layer.attention, layer.mlp, x.shape[0]
        normed = layer.before(x)
        q = attention.q_proj(normed).view(tokens, self.kv_heads, -1, self.size)
        k = attention.k_proj(normed).view(tokens, self.kv_heads, self.size)
        v = attention.v_proj(normed).view(tokens, self.kv_heads, self.size)
        if layer.query is not None and layer.key is not None:
            q, k = layer.query(q), layer.key(k)
        cos, sin, scaled_cos, scaled_sin = table
        q = turned(q.permute(1, 0, 2, 3), scaled_cos[:, None], scaled_sin[:, None])
        found = attend(number, q, turned(k.permute(1, 0, 2), cos, sin), v.permute(1, 0, 2).contiguous())
        x = attention.o_proj.plus(found, x) if layer.after is None else layer.after(attention.o_proj(found)).add_(x)
        normed = layer.middle(x)
        wide = mlp.up_proj.times(normed, mlp.gate_proj.then(normed, layer.activation))
        if layer.last is None:
            return mlp.down_proj.plus(wide, x)
        return torch.add(layer.last(mlp.down_proj(wide)), x)

    def _tables(self, x: Any, positions: Any) -> dict[str, tuple[Any, ...]]:
        """By kind of layer: cosines [tokens, size] and half of the sines, for keys, and scaled for queries."""
        rotary, scaling = self.model.model.rotary_emb, self.layers[0].attention.scaling
        tables = {}
        for kind in {layer.kind for layer in self.layers}:
            by_kind = (kind,) if hasattr(rotary, "layer_types") else ()
            cos, sin = rotary(x, positions[None], *by_kind)
            cos, sin = cos[0], sin[0, :, : self.size // 2]
            tables[kind] = (cos, sin, cos * scaling, sin * scaling)
        return tables


def turned(x: Any, cos: Any, sin: Any) -> Any:
    """Rotary positions: each first half of `x` with its second half, into memory in the order of x's dimensions."""
    import torch

    half = x.shape[-1] // 2
    out = torch.mul(x, cos, out=torch.empty(x.shape, dtype=x.dtype))
    out[..., :half].addcmul_(x[..., half:], sin, value=-1)
    out[..., half:].addcmul_(x[..., :half], sin)
    return out


def take_apart(model: Any) -> Decoder | None:
    """The decoder of a model on a CPU, whose linear layers are laid out for it; None where the library is to be used.

    The model goes on working as before.
    """
    config = model.config
    if getattr(config, "model_type", "") not in BUILDS or not _plain(config) or not lay_out(model):
        return None
    try:
        decoder = _decoder(model, config)
        return decoder if _agrees(decoder) else None
    except (AttributeError, RuntimeError, TypeError, ValueError):
        return None


def _plain(config: Any) -> bool:
    """Whether nothing in the settings asks for what is not known here."""
    ropes = getattr(config, "rope_parameters", None) or {}
    each = list(ropes.values()) if all(isinstance(rope, dict) for rope in ropes.values()) else [ropes]
    return (
        getattr(config, "_attn_implementation", "") == "sdpa"
        and (getattr(config, "hidden_act", None) or getattr(config, "hidden_activation", "")) in ACTIVATIONS
        and all(rope.get("rope_type", "default") in ROPES for rope in each)
        and not getattr(config, "use_bidirectional_attention", False)
        and not getattr(config, "attn_logit_softcapping", None)
        and not getattr(config, "final_logit_softcapping", None)
    )


def _decoder(model: Any, config: Any) -> Decoder:
    inner = model.model
    window = getattr(config, "sliding_window", None)
    everywhere = "sliding_attention" if window else "full_attention"
    kinds = getattr(config, "layer_types", None) or [everywhere] * config.num_hidden_layers
    activation = getattr(config, "hidden_act", None) or config.hidden_activation
    layers = tuple(
        _taken(layer, kind, activation)
        for layer, kind in zip(inner.layers[: config.num_hidden_layers], kinds, strict=True)
    )
    size = layers[0].attention.head_dim
    return Decoder(model, layers, _norm(inner.norm), size, config.num_key_value_heads, window)


def _taken(layer: Any, kind: str, activation: str) -> Layer:
    attention = layer.self_attn
    sandwich = hasattr(layer, "pre_feedforward_layernorm")
    return Layer(
        attention=attention,
        mlp=layer.mlp,
        activation=activation,
        before=_norm(layer.input_layernorm),
        query=_norm(attention.q_norm) if hasattr(attention, "q_norm") else None,
        key=_norm(attention.k_norm) if hasattr(attention, "k_norm") else None,
        after=_norm(layer.post_attention_layernorm) if sandwich else None,
        middle=_norm(layer.pre_feedforward_layernorm if sandwich else layer.post_attention_layernorm),
        last=_norm(layer.post_feedforward_layernorm) if sandwich else None,
        kind=kind,
    )


def _norm(module: Any) -> Norm:
    eps = module.variance_epsilon if hasattr(module, "variance_epsilon") else module.eps
    weight = module.weight.detach().float()
    return Norm(1.0 + weight if type(module).__name__.startswith("Gemma") else weight, float(eps))


def _agrees(decoder: Decoder) -> bool:
    """Whether the library computes the same of two short texts, one of which begins as the other does."""
    import torch

    from auditc.backends.transformers.packed import pack

    vocabulary = decoder.model.config.vocab_size
    one = tuple((7 * n * n + 3) % vocabulary for n in range(24))
    two = (*one[:16], *((11 * n + 5) % vocabulary for n in range(5)))
    with torch.inference_mode():
        ours = pack([one, two], [16, 16]).logits(decoder).float()
        plain = [decoder.model(input_ids=torch.tensor([ids])).logits[0, -1].float() for ids in (one, two)]
    exact = next(decoder.model.parameters()).dtype == torch.float32
    if exact:
        near = 1e-4 * max(1.0, max(float(row.abs().max()) for row in plain))
        return all(float((found - row).abs().max()) < near for found, row in zip(ours, plain, strict=True))
    # Rounding alone moves the log-probabilities of strange texts by a tenth or two here, the library's own as well.
    apart = [(a.log_softmax(-1) - b.log_softmax(-1)).abs().mean() for a, b in zip(ours, plain, strict=True)]
    return all(float(mean) < COARSE for mean in apart)
