"""First-token alignment beside a plain trainer that computes all logits: examples a second, and memory.

    python benchmarks/first_token_kl.py FOLDER ITEMS [--examples 64] [--rounds 3] [--adapter lora|full]

FOLDER holds a model in safetensors; ITEMS is a JSON-lines file of `prompt`, `choices` (letters), `shares`. Both sides
train the same examples in the same batches' size, with the same adapter and precision, by turns, each in a process of
its own. The plain side is the trainer of `transformers` as it comes: batches in random order, padded, with a mask, the
loss out of the logits of all places. A side's time is that of the steps after the first, by the clock and, for a busy
machine, of its CPU (with OMP_NUM_THREADS=1 then: threads that wait for each other count as working). Its memory is the
peak of what PyTorch has allocated above the loaded model: on CUDA told by its allocator, on a CPU the resident memory's
peak above what it was when the model was loaded (the allocator keeps no count there).
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

BATCH = 16


def examples(items: Path, number: int) -> list[Any]:
    """The first items as cells that an audit would ask."""
    from auditc.ir.exchange import Hint, Prompt, ScoreRequest, Turn
    from auditc.ir.training import Example

    found = []
    for line in items.read_text(encoding="utf-8").splitlines()[:number]:
        said = json.loads(line)
        asked, opening = said["prompt"].rsplit("\n", 1)
        total = sum(said["shares"])
        letters = tuple((letter,) for letter in said["choices"])
        hint = Hint(f"q{len(found)}", "nowhere", tuple(range(len(letters))))
        request = ScoreRequest(Prompt((Turn("user", asked),), opening), letters, hint)
        found.append(Example(request, tuple(share / total for share in said["shares"])))
    return found


def opened(arguments: argparse.Namespace, folder: Path) -> tuple[Any, Any]:
    """A job of one epoch, and the model for it."""
    from auditc.backends._contract import ModelSource
    from auditc.backends.transformers import open_trainee
    from auditc.backends.transformers.params import Params
    from auditc.ir.plan import Thing
    from auditc.ir.training import Job, Settings

    lora = {"rank": 8, "alpha": 32, "dropout": 0.05, "targets": ["q_proj", "v_proj"]}
    adapter = Thing(kind="full") if arguments.adapter == "full" else Thing(kind="lora", params=lora)
    settings = Settings(
        adapter=adapter,
        epochs=1,
        batch=BATCH,
        learning_rate=1e-4,
        decay=0.85,
        weight_decay=0.0,
        precision=arguments.precision,
        gradient_checkpointing=False,
        patience=0,
        keep="last",
        seed=1,
    )
    trainee = open_trainee(ModelSource("model", str(arguments.folder), "x"), Params(), settings)
    learnt = tuple(examples(arguments.items, arguments.examples))
    for name in ("checkpoints", "result"):
        (folder / name).mkdir()
    return Job("first_token_kl", {}, learnt, (), settings, str(folder / "checkpoints"), str(folder / "result")), trainee


def resident() -> int:
    """The most bytes of main memory that this process had, since that was last reset."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


class Clock:
    """When the first and the last step ended, and the memory above what it was at first."""

    def __init__(self, device: str) -> None:
        import torch

        self.cuda = torch.cuda if device == "cuda" else None
        if self.cuda:
            self.cuda.reset_peak_memory_stats()
            self.before = self.cuda.memory_allocated()
        else:
            Path("/proc/self/clear_refs").write_text("5")  # the peak is counted from here on, not from the loading
            self.before = resident()
        self.times: list[float] = []
        self.worked: list[float] = []

    def tick(self, *_told: Any) -> None:
        if self.cuda:
            self.cuda.synchronize()
        self.times.append(time.perf_counter())
        self.worked.append(time.process_time())

    def said(self, examples: int) -> dict[str, float]:
        peak = self.cuda.max_memory_allocated() if self.cuda else resident()
        seconds, work = self.times[-1] - self.times[0], self.worked[-1] - self.worked[0]
        rate = (examples - BATCH) / seconds
        return {"rate": rate, "work": (examples - BATCH) / work, "memory": (peak - self.before) / 1e6}


def ours(arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    from auditc.objectives import objectives

    job, trainee = opened(arguments, folder)
    clock = Clock(trainee.device)
    objective = objectives.take("first_token_kl")
    objective.train(job, objective.params(survey=None), trainee, clock.tick)
    return clock.said(len(job.examples))


def plain(arguments: argparse.Namespace, folder: Path) -> dict[str, float]:
    import torch
    import transformers

    job, trainee = opened(arguments, folder)
    rows = [
        {"input_ids": list(ids), "options": [tokens[0] for tokens in options], "shares": list(example.shares)}
        for ids, options, example in zip(
            trainee.feed([example.request.prompt for example in job.examples]),
            trainee.options([example.request for example in job.examples]),
            job.examples,
            strict=True,
        )
    ]

    def collate(batch: list[dict[str, Any]]) -> dict[str, Any]:
        longest = max(len(row["input_ids"]) for row in batch)
        fill = [longest - len(row["input_ids"]) for row in batch]
        return {
            "input_ids": torch.tensor([row["input_ids"] + [0] * n for row, n in zip(batch, fill, strict=True)]),
            "attention_mask": torch.tensor([[1] * (longest - n) + [0] * n for n in fill]),
            "rows": [(row["options"], row["shares"]) for row in batch],
        }

    class Plain(transformers.Trainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, **_more: Any) -> Any:
            rows = inputs.pop("rows")
            logits = model(**inputs).logits
            last = inputs["attention_mask"].sum(-1) - 1
            losses = []
            for row, (options, shares) in enumerate(rows):
                logprobs = logits[row, last[row], options].float().log_softmax(-1)
                people = torch.tensor(shares, device=logprobs.device)
                losses.append(torch.nn.functional.kl_div(logprobs, people, reduction="sum"))
            return torch.stack(losses).mean()

    clock = Clock(trainee.device)

    class Ticks(transformers.TrainerCallback):  # type: ignore[misc]
        def on_step_end(self, *_told: Any, **_more: Any) -> None:
            clock.tick()

    told = transformers.TrainingArguments(
        output_dir=str(folder / "plain"),
        num_train_epochs=1,
        per_device_train_batch_size=BATCH,
        learning_rate=1e-4,
        bf16=trainee.autocast,
        use_cpu=trainee.device == "cpu",
        remove_unused_columns=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        logging_strategy="no",
    )
    trainer = Plain(model=trainee.model, args=told, train_dataset=rows, data_collator=collate, callbacks=[Ticks()])
    trainer.train()
    return clock.said(len(rows))


def main() -> None:
    told = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    told.add_argument("folder", type=Path)
    told.add_argument("items", type=Path)
    told.add_argument("--examples", type=int, default=64)
    told.add_argument("--rounds", type=int, default=3)
    told.add_argument("--adapter", choices=("lora", "full"), default="lora")
    told.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    told.add_argument("--side", choices=("ours", "plain"), help=argparse.SUPPRESS)
    arguments = told.parse_args()
    if arguments.side:
        with tempfile.TemporaryDirectory() as folder:
            side = ours if arguments.side == "ours" else plain
            print("said " + json.dumps(side(arguments, Path(folder))), flush=True)
        return
    found: dict[str, list[dict[str, float]]] = {"ours": [], "plain": []}
    for number in range(arguments.rounds):
        for side in sorted(found, reverse=bool(number % 2)):
            done = subprocess.run(
                [sys.executable, *sys.argv, "--side", side], capture_output=True, text=True, check=False
            )
            (line,) = [line for line in done.stdout.splitlines() if line.startswith("said ")] or [sys.exit(done.stderr)]
            found[side].append(json.loads(line.removeprefix("said ")))
            print(side, line.removeprefix("said "), flush=True)
    for key, unit in (
        ("rate", "examples a second"),
        ("work", "examples a CPU second"),
        ("memory", "MB above the model"),
    ):
        mine, theirs = (statistics.median(run[key] for run in found[side]) for side in ("ours", "plain"))
        print(f"{unit}: {mine:.2f}, plain {theirs:.2f}: {mine / theirs:.2f} times")


if __name__ == "__main__":
    main()
