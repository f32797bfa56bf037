"""A model folder opened to be trained: its adapter put on, its tokens those of an audit, and written back at the end.

What is trained is held in float32 always: an update of a ten-thousandth is lost to rounding in bfloat16. With bfloat16
the frozen weights are held in it and computed with; where they are trained themselves, they stay in float32 and each
product is computed in bfloat16 (autocast). So a whole model is written in float32, and as large as that.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from auditc.backends._contract import BackendUnavailable, ModelSource
from auditc.backends._prompts import Fed, Prompts
from auditc.backends.transformers import parts
from auditc.backends.transformers.adapters import put_on, take_off
from auditc.backends.transformers.identity import TEMPLATES, TOKENIZER, device_class, files, model_folder
from auditc.backends.transformers.load import steady
from auditc.backends.transformers.params import Params
from auditc.ir.exchange import Failure, Prompt, ScoreRequest
from auditc.ir.training import NotTrained, Settings

OFFLINE: Final = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DISABLE_TELEMETRY")
"""Said to the libraries before they are loaded: a training asks nobody."""


class Trainee:
    """What the objectives' contract calls a trainee. `merged` says that an adapter was added to the weights first."""

    def __init__(self, model: Any, tokenizer: Any, folder: Path, settings: Settings, device: str, merged: bool) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.device = device
        self.autocast = settings.precision == "bfloat16" and (merged or settings.adapter.kind == "full")
        self._folder, self._settings, self._merged = folder, settings, merged
        text = model.config.get_text_config()
        self._prompts = Prompts(tokenizer, getattr(text, "max_position_embeddings", None))

    def feed(self, prompts: Sequence[Prompt]) -> list[tuple[int, ...] | Failure]:
        """The tokens of each prompt, as the engine feeds them."""
        return [fed if isinstance(fed, Failure) else fed.ids for fed in self._prompts.feed(prompts)]

    def options(self, requests: Sequence[ScoreRequest]) -> list[tuple[tuple[int, ...], ...] | Failure]:
        """The tokens of each option of each request, as the engine adds them up."""
        tails: dict[str, tuple[int, ...]] = {}
        feds = self._prompts.feed([request.prompt for request in requests])
        return [
            self._prompts.options(fed, request, tails) if isinstance(fed, Fed) else fed
            for request, fed in zip(requests, feds, strict=True)
        ]

    def save(self, folder: Path) -> None:
        """Write the adapter in PEFT's form; where all weights were trained, or an adapter was added to them before, a
        whole model in float32 with the base's own files beside it. Where weights are spread over processes, all of
        them call it, and the first writes. Raises OSError."""
        full = self._settings.adapter.kind == "full"
        state = parts.gathered(self.model) if full and parts.processes() else {}
        if not parts.writes():
            return
        folder.mkdir(parents=True, exist_ok=True)
        if full:
            self._save_whole(self.model, state or self.model.state_dict(), folder)
        elif not self._merged:
            self._save_adapter(folder)
        else:
            self.model.merge_adapter()
            causal = self.model.get_base_model()
            state = {
                key.replace(".base_layer.", "."): tensor
                for key, tensor in causal.state_dict().items()
                if ".lora_" not in key
            }
            self._save_whole(causal, state, folder)
            self.model.unmerge_adapter()

    def _save_adapter(self, folder: Path) -> None:
        import peft
        from safetensors.torch import save_file

        # Of a model that is spread, PEFT would gather whatever it is given.
        adapter = {key: tensor for key, tensor in self.model.state_dict().items() if ".lora_" in key}
        tensors = peft.get_peft_model_state_dict(self.model, state_dict=adapter)
        plain = {key: tensors[key].detach().cpu().contiguous() for key in sorted(tensors)}
        save_file(plain, folder / "adapter_model.safetensors", metadata={"format": "pt"})
        said = {**_lora(self._settings), "peft_type": "LORA", "task_type": "CAUSAL_LM"}
        said |= {"base_model_name_or_path": None, "inference_mode": True}
        _write(folder / "adapter_config.json", said)

    def _save_whole(self, causal: Any, state: dict[str, Any], folder: Path) -> None:
        causal.save_pretrained(folder, state_dict=state)
        config = json.loads((self._folder / "config.json").read_bytes())
        for key in {"dtype", "torch_dtype"} & {*config}:
            config[key] = "float32"
        _write(folder / "config.json", config)
        (folder / "generation_config.json").unlink(missing_ok=True)
        for name in (*TOKENIZER, *TEMPLATES, "generation_config.json"):
            if (self._folder / name).is_file():
                shutil.copyfile(self._folder / name, folder / name)


def trainee(source: ModelSource, params: Params, settings: Settings) -> Trainee:
    """Open a model to be trained. An adapter that is on it already is added to the weights, which are whole from then
    on. Raises BackendUnavailable with a remedy, and NotTrained where the adapter that is wanted does not suit it."""
    folder = model_folder(source)
    files(source)  # what cannot be read is found before anything is loaded
    device = device_class(params)
    for name in OFFLINE:
        os.environ[name] = "1"
    if device == "cuda":
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        if "LOCAL_RANK" not in os.environ:  # one process sees one device, or the trainer would copy the model to all
            os.environ["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES", "0").partition(",")[0]
    try:
        import peft
        import torch
        import transformers
    except ImportError as fault:
        raise BackendUnavailable(
            f"{fault.name} is missing: install auditc with its `transformers` and `train` extras"
        ) from fault
    if device == "cuda" and not torch.cuda.is_available():
        raise BackendUnavailable("no usable CUDA device was found: say device = cpu, or mend the driver")
    if device == "cuda" and "LOCAL_RANK" in os.environ:
        _own_device(torch, int(os.environ["LOCAL_RANK"]))
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    steady(torch, params)
    full = settings.adapter.kind == "full"
    wide = settings.precision == "float32" or full or source.adapter is not None
    only_here: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    how = {"dtype": torch.float32 if wide else torch.bfloat16, "attn_implementation": params.attention}
    how |= {"use_safetensors": True, **only_here}
    if parts.processes():
        parts.suits(source.name, source.adapter is not None, settings)
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **only_here)
        if parts.processes():
            model = parts.opened(folder, **how)
        else:
            model = transformers.AutoModelForCausalLM.from_pretrained(folder, **how).to(device)
    except (MemoryError, torch.OutOfMemoryError) as fault:
        raise NotTrained(
            "out_of_memory", f"model {source.name} does not fit into memory", "Take a smaller model."
        ) from fault
    except BackendUnavailable:
        raise
    except Exception as fault:  # a folder can be wrong in any way, and each library has faults of its own
        raise BackendUnavailable(
            f"model {source.name} could not be loaded by transformers: {type(fault).__name__}"
        ) from fault
    if parts.processes():
        parts.spreads(model, source.name)
    model.config.use_cache = False
    if source.adapter is not None:
        put_on(model, source.adapter, source.name)
        _add_up(model)
    transformers.set_seed(settings.seed % 2**32)  # more than that NumPy does not take
    if full:
        model.requires_grad_(True)
    else:
        model.requires_grad_(False)
        _known(model, source.name, settings)
        config = peft.LoraConfig(task_type="CAUSAL_LM", **_lora(settings))
        model = peft.get_peft_model(model, config)
    return Trainee(model, tokenizer, folder, settings, device, source.adapter is not None)


def _own_device(torch: Any, number: int) -> None:
    """Let this process of several compute on a device of its own. Raises NotTrained."""
    there = torch.cuda.device_count()
    if number >= there:
        raise NotTrained(
            "engine",
            f"there are {there} CUDA devices, too few for the processes that are to train",
            "Write a smaller `num_processes` into the configuration that AUDITC_TRAIN_ACCELERATE names.",
        )
    torch.cuda.set_device(number)


def linear_modules(model: Any) -> list[str]:
    """The last names of the modules that an adapter can be put on, in the order in which they come: all matrix
    products but that of the output head."""
    import torch
    from transformers.pytorch_utils import Conv1D

    head = model.get_output_embeddings()
    return list(
        dict.fromkeys(
            name.rpartition(".")[2]
            for name, module in model.named_modules()
            if isinstance(module, torch.nn.Linear | Conv1D) and module is not head
        )
    )


def _known(model: Any, name: str, settings: Settings) -> None:
    there = linear_modules(model)
    unknown = [target for target in settings.adapter.params["targets"] if target not in there]
    if unknown:
        raise NotTrained(
            "architecture",
            f"model {name} ({type(model).__name__}) has no linear modules named {', '.join(unknown)};"
            f" those that it has are {', '.join(there)}",
            f"Write `targets = [{', '.join(there[:2])}]`, or others of them; or train all weights: `adapter = full`.",
        )


def _lora(settings: Settings) -> dict[str, Any]:
    """The adapter's settings as PEFT calls them."""
    said = settings.adapter.params
    return {
        "r": said["rank"],
        "lora_alpha": said["alpha"],
        "lora_dropout": said["dropout"],
        "target_modules": sorted(said["targets"]),
        "use_dora": bool(said.get("dora", False)),
        "use_rslora": bool(said.get("rslora", False)),
        "bias": "none",
    }


def _add_up(model: Any) -> None:
    """Make an adapter that is on a model part of its weights."""
    from peft.tuners.tuners_utils import BaseTunerLayer

    for module in model.modules():
        if isinstance(module, BaseTunerLayer):
            module.merge()
    take_off(model)


def _write(file: Path, said: dict[str, Any]) -> None:
    file.write_text(json.dumps(said, indent=2, sort_keys=True) + "\n", encoding="utf-8")
