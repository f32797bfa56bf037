"""Direct preference optimisation: of two answers to a prompt, the chosen one is made more likely than the other.

    loss = − mean over pairs of ln σ(β · [ln π(chosen)/π₀(chosen) − ln π(rejected)/π₀(rejected)])

where π₀ is the model that the training began with. The pairs are rows of a table, or two answers to a survey's item:
two options drawn at random, of which a is chosen over b with the probability s_a / (s_a + s_b) of people's shares
(Bradley and Terry, 1952). Rows whose two answers are the same text are left out, and counted.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Final, Literal

from annotated_types import Gt
from pydantic import model_validator

from auditc.ir.training import Example, Job, Progress, Trained
from auditc.ir.values import Columns, Form, ItemSet, Positive, Table, Unit

from ._answers import pairs, texts
from ._contract import Objective, Trainee
from ._fit import arguments, fit, present, steady
from ._rows import rows

PACKAGES: Final = ("torch", "transformers", "peft", "accelerate", "trl")


class Params(Form):
    """What the author may set: a survey or a table, and not both."""

    survey: Annotated[Any, ItemSet()] = None
    """The items whose answers are preferred or not: mostly a part of a survey, `values.train`."""
    comparisons: Positive = 10
    """Pairs of answers to each item for each population."""
    orders: Positive = 1
    """Rotations of the options' order that each item is asked in."""
    pairs: Annotated[Table, Columns(("prompt", "chosen", "rejected"))] | None = None
    """Rows of a prompt, the answer that was chosen and the one that was not."""
    beta: Annotated[float, Unit("number"), Gt(0)] = 0.1
    """How strongly the model is held to where it began."""

    @model_validator(mode="after")
    def _one(self) -> Params:
        if (self.survey is None) == (self.pairs is None):
            raise ValueError('name what is learnt, and once: `survey = values.train` or `pairs = csv("pairs.csv")`')
        return self


def _learns(params: Params) -> Literal["shares", "texts"]:
    return "texts" if params.survey is None else "shares"


def _sift(params: Params) -> tuple[Params, tuple[int, ...]]:
    """Without pairs whose two answers are one text: whatever the model is, their loss is ln 2 and moves nothing."""
    if params.pairs is None:
        return params, ()
    two = zip(*(map(_text, params.pairs.column(name)) for name in ("chosen", "rejected")), strict=True)
    same = tuple(number for number, (chosen, rejected) in enumerate(two, 1) if chosen == rejected)
    alike = set(same)
    rows = tuple(row for number, row in enumerate(params.pairs.rows, 1) if number not in alike)
    return params.model_copy(update={"pairs": params.pairs.model_copy(update={"rows": rows})}), same


def _text(cell: str) -> str:
    """A text as it reads, however its characters are composed."""
    return unicodedata.normalize("NFC", cell).strip()


def _train(job: Job, params: Params, trainee: Trainee, tell: Callable[[Progress], None]) -> Trained:
    present(PACKAGES)
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    if params.pairs is not None:
        learnt, valid = _written(params.pairs, trainee), []
    else:
        learnt, valid = (_compared(part, params.comparisons, job, trainee) for part in (job.examples, job.valid))
    kind = _beside_its_beginning(steady(DPOTrainer, job, [_length(row) for row in learnt]))
    told = {"max_length": None, "beta": params.beta, "disable_dropout": False, "precompute_ref_log_probs": True}
    trainer = kind(
        model=trainee.model,
        args=DPOConfig(**{**arguments(job, trainee), **told}),
        train_dataset=Dataset.from_list(learnt),
        eval_dataset=Dataset.from_list(sorted(valid, key=_length)) if valid else None,
        processing_class=trainee.tokenizer,
    )
    if "ref" in getattr(trainee.model, "peft_config", {}):
        trainee.model.delete_adapter("ref")  # a copy of the beginning, which is of no use any more
    return fit(job, trainee, trainer, tell, PACKAGES, len(job.examples) or len(learnt))


def _compared(examples: Sequence[Example], number: int, job: Job, trainee: Trainee) -> list[dict[str, Any]]:
    """A row for each pair of options, in their first spelling that is one token."""
    found = []
    for example, row in zip(examples, rows(examples, trainee), strict=True):
        for chosen, rejected in pairs(example, number, job.settings.seed):
            options = row["options"]
            found.append(_row(list(row["ids"]), [options[chosen][0]], [options[rejected][0]]))
    return found


def _written(table: Table, trainee: Trainee) -> list[dict[str, Any]]:
    columns = [table.column(name) for name in ("chosen", "rejected")]
    return [_row(*ids) for ids in texts(table.column("prompt"), columns, trainee)]


def _row(prompt: list[int], chosen: list[int], rejected: list[int]) -> dict[str, Any]:
    return {"prompt_ids": prompt, "chosen_ids": chosen, "rejected_ids": rejected}


def _length(row: dict[str, Any]) -> int:
    return len(row["prompt_ids"]) + max(len(row["chosen_ids"]), len(row["rejected_ids"]))


def _beside_its_beginning(kind: type[Any]) -> type[Any]:
    """The trainer with rows that are tokens already, and with π₀ computed once, before the first step, in memory."""
    import torch

    class Beside(kind):  # type: ignore[misc]
        """As its kind; the library would tokenise texts, and write π₀ into a cache of its own."""

        def _prepare_dataset(self, dataset: Any, *_rest: Any) -> Any:
            return dataset

        def _precompute_ref_logps(self, dataset: Any, _name: str, batch_size: int) -> Any:
            loader = torch.utils.data.DataLoader(dataset, batch_size=batch_size, collate_fn=self.data_collator)
            found: dict[str, list[float]] = {"ref_chosen_logps": [], "ref_rejected_logps": []}
            self.model.eval()
            for batch in loader:
                two = self.compute_ref_log_probs(self.model, self._prepare_inputs(batch))
                for column, logps in zip(found.values(), two, strict=True):
                    column += logps.float().tolist()
            for name, column in found.items():
                dataset = dataset.add_column(name, column)
            return dataset

    return Beside


dpo = Objective(
    title="Direct preference optimisation",
    params=Params,
    learns=_learns,
    source="Rafailov et al. (2023), Direct preference optimization, equation 7",
    train=_train,
    rows=lambda params: params.comparisons if params.pairs is None else 1,
    packages=PACKAGES,
    texts=2,
    sift=_sift,
    alone=True,  # TRL gathers the rewards of each row, and fails where processes have parts of unlike length
)
