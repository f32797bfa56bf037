"""Matrix products with weights laid out beforehand for this CPU, and with what follows them done in the same pass.

oneDNN, which PyTorch carries along, would else lay the weights out anew at every product: that costs a tenth of a large
one and half of a small one. The operations have no public names in PyTorch; its own compiler uses them. Where they are
missing, or tell something else than the plain product does, the plain product is used.
"""

from __future__ import annotations

from typing import Any

ACTIVATIONS = {"silu": ("swish", ""), "gelu_pytorch_tanh": ("gelu", "tanh"), "gelu": ("gelu", "none")}
"""How oneDNN calls the functions between two products: a name, and which way it is computed."""


def lay_out(model: Any) -> bool:
    """Replace the linear layers of a model but its output head, in place; whether it was done.

    The head often is the embedding as well, of which rows are read: laid out, it would be held twice.
    """
    import torch

    linear, head = torch.nn.Linear, model.get_output_embeddings()
    found = [
        (module, name, child)
        for module in model.modules()
        for name, child in module.named_children()
        if type(child) is linear and child is not head
    ]
    if not found or model.device.type != "cpu" or not _sound(found[0][2].weight.dtype):
        return False
    kind = _product()
    for module, name, child in found:
        setattr(module, name, kind(child))
    return True


def _product() -> Any:
    import torch

    pointwise = torch.ops.mkldnn._linear_pointwise

    class Product(torch.nn.Module):  # type: ignore[misc]
        """A linear layer. `x` is [tokens, in] everywhere but in `forward`, where it may have any shape before `in`."""

        def __init__(self, plain: Any) -> None:
            super().__init__()
            self.in_features, self.out_features = plain.in_features, plain.out_features
            self.bias = plain.bias
            self.laid_out = torch.ops.mkldnn._reorder_linear_weight(plain.weight.detach())

        def forward(self, x: Any) -> Any:
            return pointwise(x, self.laid_out, self.bias, "none", [], "")

        def then(self, x: Any, activation: str) -> Any:
            """The product, put through a function of `ACTIVATIONS`."""
            name, way = ACTIVATIONS[activation]
            return pointwise(x, self.laid_out, self.bias, name, [], way)

        def times(self, x: Any, other: Any) -> Any:
            """The product, element by element times `other`."""
            return pointwise.binary(x, other, self.laid_out, self.bias, "mul")

        def plus(self, x: Any, other: Any) -> Any:
            """The product plus `other`."""
            return pointwise.binary(x, other, self.laid_out, self.bias, "add")

    return Product


def _sound(dtype: Any) -> bool:
    """Whether the operations are here and compute what they should."""
    import torch

    if not torch.backends.mkldnn.is_available():
        return False
    functional = torch.nn.functional
    try:
        if dtype == torch.bfloat16 and not torch.ops.mkldnn._is_mkldnn_bf16_supported():
            return False
        with torch.inference_mode():
            drawn = torch.Generator().manual_seed(0)
            x, other = torch.randn(5, 64, generator=drawn).to(dtype), torch.randn(5, 48, generator=drawn).to(dtype)
            plain = torch.nn.Linear(64, 48, dtype=dtype)
            plain.weight.copy_(torch.randn(48, 64, generator=drawn) / 8)
            laid_out, y = _product()(plain), functional.linear(x.float(), plain.weight.float(), plain.bias.float())
            pairs = [
                (laid_out(x), y),
                (laid_out.times(x, other), y * other.float()),
                (laid_out.plus(x, other), y + other.float()),
                (laid_out.then(x, "silu"), functional.silu(y)),
                (laid_out.then(x, "gelu"), functional.gelu(y)),
                (laid_out.then(x, "gelu_pytorch_tanh"), functional.gelu(y, approximate="tanh")),
            ]
        near = 1e-4 if dtype == torch.float32 else 0.05
        return all(torch.allclose(found.float(), meant, rtol=near, atol=near) for found, meant in pairs)
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
