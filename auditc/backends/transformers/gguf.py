"""Converts a GGUF file once into a folder of safetensors, tokenizer and template: `python -m … SOURCE FOLDER`.

Quantised weights are multiplied out to float32. What comes out is the quantised model, exactly, in another form: it is
not the model that was published before quantisation, and its name must say so.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditc.backends._contract import BackendUnavailable

if TYPE_CHECKING:
    import torch

VERSION = "transformers-1"
"""Goes into the digest of what is converted: raise it whenever the same file would give other weights or tokens."""


def prepare(source: Path, folder: Path) -> None:
    """Convert the GGUF file `source` into the empty folder `folder`."""
    try:
        import gguf  # noqa: F401  (said here in our words, not from inside the library)
        import torch  # noqa: F401
        import transformers
    except ImportError as fault:
        raise BackendUnavailable(
            f"converting a model needs {fault.name}: install auditc with its `transformers` extra"
        ) from fault
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    config, tensors = _weights(source)
    config.save_pretrained(folder)
    from safetensors.torch import save_file

    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    _tokenizer(source).save_pretrained(folder)
    _forget_machine(folder / "tokenizer_config.json")


def _weights(source: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM
    from transformers.modeling_gguf_pytorch_utils import load_gguf_checkpoint

    config = AutoConfig.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
    with torch.device("meta"):  # shapes and names only: the weights come from the file
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    config = model.config
    config.architectures = [type(model).__name__]
    # A path, or a name its maker chose: neither says what the weights are, and the digest does.
    config._name_or_path = ""
    # Read by the plain loader and not through from_pretrained: that keeps the packed weights, and needs accelerate.
    read = load_gguf_checkpoint(str(source), return_tensors=True, model_to_load=model, torch_dtype=torch.float32)
    tensors: dict[str, torch.Tensor] = {name: tensor.contiguous() for name, tensor in read["tensors"].items()}
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    tied = set(getattr(model, "_tied_weights_keys", None) or ()) if config.tie_word_embeddings else set()
    wrong = [name for name, tensor in tensors.items() if expected.get(name) != tuple(tensor.shape)]
    missing = [name for name in expected if name not in tensors and name not in tied]
    if wrong or missing:
        raise BackendUnavailable(f"this GGUF does not fit its architecture: {sorted(wrong + missing)[:3]} do not match")
    return config, tensors


def _tokenizer(source: Path) -> Any:
    from gguf import GGUFReader
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(source.parent, gguf_file=source.name, local_files_only=True)
    field = GGUFReader(source).fields.get("tokenizer.ggml.pre")
    if field is not None and field.contents() == "smollm":
        # transformers splits as GPT-2 does; this vocabulary was learned with every digit on its own.
        tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        )
    return tokenizer


def _forget_machine(file: Path) -> None:
    """What is written about this machine and not about the tokenizer must not reach its digest."""
    settings = json.loads(file.read_text(encoding="utf-8"))
    for key in ("is_local", "local_files_only", "name_or_path"):
        settings.pop(key, None)
    file.write_text(json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Exit 0, or 1 with one line on stderr that says why."""
    try:
        prepare(Path(arguments[0]), Path(arguments[1]))
    except BackendUnavailable as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
