"""How every objective trains: on the trainer of `transformers`, or one of its kind, with the same settings.

AdamW, the learning rate multiplied by `decay` after each epoch, gradients clipped to a length of 1 (as that trainer and
TRL's do unless they are told otherwise; the paper's code does not clip). Before the first step and after each epoch the
valid part is looked at, and a state is written. Nothing is asked of any network, and nothing is reported but to `tell`.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from auditc.ir.canonical import digest
from auditc.ir.training import Job, NotTrained, Progress, Trained

from ._batches import Batches
from ._checkpoints import Checkpoints, put_back, write_state
from ._contract import SHARED, Trainee
from ._faults import fault_of
from ._losses import Means, curve, raw
from ._parts import in_parts, own, settled
from ._several import team, together

CLIP: Final = 1.0


def present(packages: Sequence[str]) -> None:
    """Raises NotTrained with a remedy where a package is missing."""
    for name in packages:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError as fault:
            remedy = "Install auditc with its `transformers` and `train` extras."
            raise NotTrained("engine", f"{name} is not installed", remedy) from fault


def arguments(job: Job, trainee: Trainee) -> dict[str, Any]:
    """What every trainer is told, as fields of `TrainingArguments`."""
    from transformers import TrainingArguments

    settings, each = job.settings, job.settings.batch // team().size
    # Its name before transformers 5.2x; TRL's trainers switch it on unless they are told otherwise.
    known = "activation_checkpointing" in TrainingArguments.__dataclass_fields__
    twice = "activation_checkpointing" if known else "gradient_checkpointing"
    return {
        twice: settings.gradient_checkpointing,
        f"{twice}_kwargs": {"use_reentrant": False},
        "output_dir": job.checkpoints,
        "num_train_epochs": settings.epochs,
        "per_device_train_batch_size": each,
        "per_device_eval_batch_size": each,
        "learning_rate": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "max_grad_norm": CLIP,
        "optim": "adamw_torch",
        "bf16": trainee.autocast,
        "use_cpu": trainee.device == "cpu",
        "dataloader_pin_memory": trainee.device != "cpu",
        "seed": settings.seed % 2**32,
        "logging_strategy": "steps",
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "eval_strategy": "epoch" if job.valid else "no",
        "eval_on_start": bool(job.valid),
        "save_strategy": "epoch",
        "save_only_model": team().spread,  # or the library takes no model that it spread itself; see `fit`
        "label_names": ["people"],
        "prediction_loss_only": True,
        "remove_unused_columns": False,
        "report_to": "none",
        "disable_tqdm": True,
        "log_level": "error",
    }


def steady(kind: type[Any], job: Job, lengths: Sequence[int]) -> type[Any]:
    """A trainer of this kind with our batches and our learning rates."""
    import torch

    class Steady(kind):  # type: ignore[misc]
        """As its kind, but for the order of the examples, the learning rates and how states are written."""

        def get_train_dataloader(self) -> Any:
            self.batches = Batches(lengths, job.settings.batch, job.settings.seed)
            loader = torch.utils.data.DataLoader(
                self.train_dataset,
                batch_sampler=self.batches,
                collate_fn=self.data_collator,
                pin_memory=self.args.dataloader_pin_memory,
            )
            return self.accelerator.prepare(loader)

        def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
            made: Any = getattr(self, "lr_scheduler", None)
            if made is None:
                an_epoch = max(1, num_training_steps // int(self.args.num_train_epochs))
                of = optimizer or self.optimizer
                made = torch.optim.lr_scheduler.StepLR(of, an_epoch, job.settings.decay)
                self.lr_scheduler, self._created_lr_scheduler = made, True
            return made

        def _save(self, output_dir: str, state_dict: Any = None) -> None:
            if self.args.should_save or team().spread:
                write_state(self.model, Path(output_dir))

        def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
            put_back(self.model, Path(resume_from_checkpoint))

        def _send_telemetry(self) -> None:
            """TRL tells its makers of each training; ours tells nobody."""

        def create_model_card(self, *_arguments: Any, **_more: Any) -> None:
            """TRL writes one into each checkpoint; a result's is written by whoever ran the training."""

    if team().size == 1:
        return Steady
    kind = together(Steady, Batches(lengths, job.settings.batch, job.settings.seed), team())
    return in_parts(kind, team()) if team().spread else kind


def fit(
    job: Job,
    trainee: Trainee,
    trainer: Any,
    tell: Callable[[Progress], None],
    packages: Sequence[str],
    examples: int,
) -> Trained:
    """Carry a training out, from the last whole state if there is one, and write the result. `examples` is how many
    cells or written texts are learnt. Raises NotTrained."""
    us = team()
    versions = {name: metadata.version(name) for name in packages} | {"engine": trainee.device}
    versions |= {"processes": f"{us.size}{' (FSDP)' if us.spread else ''}"} if us.size > 1 else {}
    states = Checkpoints(Path(job.checkpoints), _digest(job, versions))
    parameters = [(part.numel(), part.requires_grad) for part in trainee.model.parameters()]
    steps = job.settings.epochs * math.ceil(len(trainer.train_dataset) / job.settings.batch)
    try:
        if us.first:
            states.clear()
        trainer.accelerator.wait_for_everyone()
        begun = states.last() or 0
        history = _run(job, trainer, states, tell, steps)
        kept = _keep(job, trainee, states, history)
        _write(trainee, Path(job.result))
    except NotTrained:
        if us.first:
            states.clear()
        raise
    except Exception as fault:
        told = fault_of(fault, states.folder)
        if told is None:
            raise
        if us.first:
            states.clear()
        raise told from fault
    return Trained(
        curve=curve(history, steps, trainer.batches),
        losses=raw(history),
        kept=kept,
        begun=begun,
        stopped=_stopped(job, history),
        parameters=sum(size for size, _ in parameters),
        trainable=sum(size for size, free in parameters if free),
        examples=examples,
        valid=len(job.valid),
        versions=versions,
    )


def _run(
    job: Job, trainer: Any, states: Checkpoints, tell: Callable[[Progress], None], steps: int
) -> list[dict[str, Any]]:
    """Train to the end; gives all that was logged, of what ran before as well."""
    from transformers import PrinterCallback

    trainer.args.save_only_model = False  # a state holds all that a training needs to go on
    trainer.remove_callback(PrinterCallback)  # it writes to the standard output
    trainer.processing_class = None  # or each state would hold the tokenizer
    trainer.add_callback(_watch(job, trainer, states, tell, steps))
    last = states.last()
    if last is None:
        trainer.train()
    else:
        trainer.args.eval_on_start = False
        before = json.loads((states.at(last) / "trainer_state.json").read_bytes())
        if _stopped(job, before["log_history"]):
            trainer.args.num_train_epochs = round(before["epoch"])
        trainer.train(resume_from_checkpoint=str(states.at(last)))
    return list(trainer.state.log_history)


def _watch(job: Job, trainer: Any, states: Checkpoints, tell: Callable[[Progress], None], steps: int) -> Any:
    """Tells of each step and each look at the valid part, marks states as whole, and ends what diverged or stands."""
    from transformers import TrainerCallback

    class Watch(TrainerCallback):  # type: ignore[misc]
        """The trainer calls it; whatever it raises ends the training."""

        def on_epoch_begin(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            trainer.batches.set_epoch(round(state.epoch or 0))
            self.means = Means(trainer.batches)
            self.mean: float | None = None

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **more: Any) -> None:
            if "loss" in (logs or {}):
                loss = _number(logs["loss"], state.global_step)
                self.mean, _ = self.means.note(state.global_step, loss)
                tell(Progress(step=state.global_step, steps=steps, epoch=state.epoch, loss=loss, mean=self.mean))

        def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **more: Any) -> None:
            valid = _number(metrics["eval_loss"], state.global_step)
            mean = self.mean if state.global_step else None
            tell(Progress(step=state.global_step, steps=steps, epoch=state.epoch or 0.0, mean=mean, valid=valid))
            control.should_training_stop = bool(_stopped(job, state.log_history))

        def on_save(self, args: Any, state: Any, control: Any, **more: Any) -> None:
            trainer.accelerator.wait_for_everyone()  # each process writes a file of its own
            if team().first:
                states.mark(state.global_step)
                states.keep({state.global_step, _best(job, state.log_history) or state.global_step})
            trainer.accelerator.wait_for_everyone()

    return Watch()


def _number(loss: float, step: int) -> float:
    if not math.isfinite(loss):
        raise NotTrained(
            "diverged",
            f"the loss at step {step} is no number: the training diverged",
            "Write a smaller `learning_rate`, or `precision = float32`.",
        )
    return loss


def _valid(history: Sequence[Mapping[str, Any]]) -> dict[int, float]:
    """By step, the loss on the valid part after each epoch; the look before the first is no epoch's."""
    return {said["step"]: said["eval_loss"] for said in history if "eval_loss" in said and said["step"] > 0}


def _best(job: Job, history: Sequence[Mapping[str, Any]]) -> int | None:
    """The step whose state is the lowest on the valid part, where that decides; of equal ones the first."""
    valid = _valid(history)
    if job.settings.keep == "last" or not valid:
        return None
    return min(valid, key=lambda step: (valid[step], step))


def _stopped(job: Job, history: Sequence[Mapping[str, Any]]) -> str:
    """Why a training ends before its last epoch; empty where it does not."""
    losses = [loss for _, loss in sorted(_valid(history).items())]
    patience = job.settings.patience
    since = len(losses) - 1 - losses.index(min(losses)) if losses else 0
    if not patience or since < patience or len(losses) >= job.settings.epochs:
        return ""
    return f"the loss on the valid part was not lower for {patience} {'epoch' if patience == 1 else 'epochs'}"


def _keep(job: Job, trainee: Trainee, states: Checkpoints, history: Sequence[Mapping[str, Any]]) -> int:
    """Make the model the one that is kept; gives the step that it is of."""
    import torch

    last = states.last() or 0
    kept = _best(job, history) or last
    if kept != last:
        put_back(trainee.model, states.at(kept))
    settled(trainee.model)
    for name, part in trainee.model.named_parameters():
        if part.requires_grad and not bool(torch.isfinite(own(part)).all()):
            raise NotTrained(
                "diverged",
                f"after step {kept}, {name} holds what is no number: the training diverged",
                "Write a smaller `learning_rate`, or `precision = float32`.",
            )
    return kept


def _write(trainee: Trainee, result: Path) -> None:
    """Fill the result folder in one step. Of several processes the first one does, with what the others have of the
    weights where they are spread. Raises OSError."""
    partial = result.with_name(f"{result.name}.partial")
    if not team().first:
        if team().spread:
            trainee.save(partial)
        return
    shutil.rmtree(partial, ignore_errors=True)
    try:
        trainee.save(partial)
        os.replace(partial, result)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _digest(job: Job, versions: Mapping[str, str]) -> str:
    """What a state must be of for a job to go on from it. A survey's name and a table's place teach nothing."""
    taught = {name: given for name, given in job.params.items() if name != "survey"}
    for name, given in taught.items():
        if isinstance(given, dict) and "rows" in given:
            taught[name] = {key: part for key, part in given.items() if key != "path"}
    return digest(
        {
            "objective": job.objective,
            "revision": SHARED,
            "params": taught,
            "examples": [asdict(example) for example in job.examples],
            "valid": [asdict(example) for example in job.valid],
            "settings": job.settings.model_dump(mode="json"),
            "versions": dict(versions),
        }
    )
