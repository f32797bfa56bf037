"""What a training leaves: a model that the engine opens, the same one each time, or nothing and a clear reason."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditc.backends._contract import Adapter, ModelSource
from auditc.backends.transformers import open_engine, open_trainee
from auditc.backends.transformers.params import Params
from auditc.ir.exchange import ScoreReply
from auditc.ir.training import NotTrained, Progress
from auditc.ir.values import Table
from auditc.objectives._answers import answers, pairs
from tests.objectives import small

ONE = Params(threads=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    return small.model(tmp_path_factory.mktemp("model") / "model")


@pytest.fixture
def fresh(model: ModelSource) -> Iterator[None]:
    """Nothing of the model's folder is changed by training it."""
    before = {file.name: file.read_bytes() for file in Path(str(model.folder)).iterdir()}
    yield
    assert {file.name: file.read_bytes() for file in Path(str(model.folder)).iterdir()} == before


def probabilities(source: ModelSource) -> list[float]:
    """What an audit reads of the model for one of the examples."""
    engine = open_engine(source, Params(threads=1, layers="library"))
    (reply,) = engine.score([small.example(1).request])
    engine.close()
    assert isinstance(reply, ScoreReply)
    return list(reply.logprobs)


def as_trained(source: ModelSource, job: Any) -> list[float]:
    """The same out of the model in the memory of the training, which is opened and trained again."""
    import torch

    from auditc.objectives import objectives

    trainee = open_trainee(source, ONE, job.settings)
    objective = objectives.take(job.objective)
    objective.train(job, objective.params.model_validate({"survey": "x"}), trainee, lambda told: None)
    (ids,) = trainee.feed([small.example(1).request.prompt])
    (options,) = trainee.options([small.example(1).request])
    with torch.no_grad():
        logits = trainee.model.eval()(input_ids=torch.tensor([ids])).logits[0, -1].log_softmax(-1)
    return [float(logits[list(tokens)].logsumexp(-1)) for tokens in options]


@pytest.mark.usefixtures("fresh")
def test_an_adapter_is_learnt_and_the_engine_puts_it_on(model: ModelSource, tmp_path: Path) -> None:
    told: list[Progress] = []
    job = small.job(tmp_path, epochs=3, keep="lowest")
    done = small.train(model, job, told)
    looks = [point for point in done.curve if point.valid is not None]
    assert [point.step for point in looks] == [0, 3, 6, 9]
    lowest = min(looks[1:], key=lambda point: point.valid or 0)
    assert done.kept == lowest.step and (lowest.valid or 9) < (looks[0].valid or 0)
    assert (done.examples, done.valid, done.stopped) == (12, 4, "") and 0 < done.trainable < done.parameters
    assert {"torch", "peft", "transformers", "accelerate", "engine"} == {*done.versions}
    assert [point.step for point in told if point.loss is not None] == list(range(1, 10))
    assert {point.steps for point in told} == {9}
    result = Path(job.result)
    assert {file.name for file in result.iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    assert str(tmp_path) not in (result / "adapter_config.json").read_text(encoding="utf-8")
    with_it = ModelSource("m", model.folder, "x", adapter=Adapter(str(result), "d"))
    assert probabilities(with_it) != pytest.approx(probabilities(model), abs=1e-2)
    again = small.job(tmp_path / "again", epochs=3, keep="lowest")
    assert probabilities(with_it) == pytest.approx(as_trained(model, again), abs=1e-5)
    for file in result.iterdir():  # the same bytes, each time
        assert file.read_bytes() == (Path(again.result) / file.name).read_bytes()


def test_the_mean_of_an_epoch_weighs_examples_alike_and_single_losses_are_kept(
    model: ModelSource, tmp_path: Path
) -> None:
    """Where nothing is learnt, the mean over an epoch is the loss of the same examples as they are looked at."""
    still = small.LORA.model_copy(update={"params": {**small.LORA.params, "dropout": 0.0}})
    job = small.job(tmp_path, examples=9, adapter=still, learning_rate=1e-30)
    told: list[Progress] = []
    done = small.train(model, replace(job, valid=job.examples), told)
    assert done.losses == tuple(point.loss for point in told if point.loss is not None) and len(done.losses) == 6
    ends = [point for point in done.curve if point.mean is not None]
    assert [point.step for point in ends] == [3, 6]
    for number, end in enumerate(ends):
        assert end.mean == pytest.approx(end.valid, abs=1e-5)
        alone = done.losses[3 * number : 3 * number + 3]
        assert abs(sum(alone) / 3 - (end.mean or 0)) > 1e-3, "one batch of three has a single example"
        live = [point.mean for point in told if point.loss is not None][3 * number : 3 * number + 3]
        assert live[0] == alone[0] and live[-1] == end.mean
    looks = [point.mean for point in told if point.valid is not None]
    assert looks == [None, *(end.mean for end in ends)]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_all_weights_are_learnt_and_the_whole_model_is_one_like_any_other(
    precision: str, model: ModelSource, tmp_path: Path
) -> None:
    from safetensors import safe_open

    job = small.job(tmp_path, adapter=small.FULL, precision=precision, gradient_checkpointing=True, weight_decay=0.01)
    done = small.train(model, job)
    assert done.trainable == done.parameters
    result = Path(job.result)
    with safe_open(result / "model.safetensors", "pt") as held:
        assert {held.get_tensor(name).dtype.itemsize for name in held.keys()} == {4}  # noqa: SIM118
    whole = ModelSource("m", str(result), "y")
    base = {key: value for key, value in open_engine(model, ONE).identity.items() if key != "weights"}
    assert {key: value for key, value in open_engine(whole, ONE).identity.items() if key != "weights"} == base
    if precision == "float32":
        again = small.job(tmp_path / "again", adapter=small.FULL, gradient_checkpointing=True, weight_decay=0.01)
        assert probabilities(whole) == pytest.approx(as_trained(model, again), abs=1e-5)


def test_what_is_trained_on_top_of_an_adapter_is_a_whole_model(model: ModelSource, tmp_path: Path) -> None:
    first = small.job(tmp_path / "first")
    small.train(model, first)
    source = ModelSource("m", model.folder, "x", adapter=Adapter(first.result, "d"))
    trainee = open_trainee(source, ONE, small.settings())
    trainee.save(tmp_path / "untouched")  # nothing is learnt yet: the base with its adapter
    assert probabilities(ModelSource("m", str(tmp_path / "untouched"), "y")) == pytest.approx(
        probabilities(source), abs=1e-5
    )
    second = small.job(tmp_path / "second")
    small.train(source, second)
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= {
        file.name for file in Path(second.result).iterdir()
    }
    again = small.job(tmp_path / "again")
    assert probabilities(ModelSource("m", second.result, "y")) == pytest.approx(as_trained(source, again), abs=1e-5)


def test_a_killed_training_goes_on_from_its_last_whole_state_to_the_same_result(
    model: ModelSource, tmp_path: Path
) -> None:
    whole = small.job(tmp_path / "whole", epochs=3, keep="lowest")
    uncut: list[Progress] = []
    expected = small.train(model, whole, uncut)
    command = [sys.executable, "-m", "tests.objectives.child", str(model.folder), str(tmp_path / "killed"), "8"]
    assert subprocess.run(command, check=False).returncode == -9
    job = small.job(tmp_path / "killed", epochs=3, keep="lowest")
    assert not list(Path(job.result).iterdir())
    # And the machine went down in the midst of writing another: it has no mark, and one that has is not as long.
    states = Path(job.checkpoints)
    shutil.copytree(states / "checkpoint-6", states / "checkpoint-9")
    (states / "checkpoint-9" / "state.safetensors").write_bytes(b"half")
    shutil.copytree(states / "checkpoint-6", states / "checkpoint-12", ignore=shutil.ignore_patterns("whole.json"))
    told: list[Progress] = []
    done = small.train(model, job, told)
    assert [point.step for point in told if point.loss is not None] == [7, 8, 9]
    assert done.begun == 6 and done == expected.model_copy(update={"begun": 6})
    assert told == uncut[-len(told) :], "the means of the epoch are the same as well"
    for file in Path(whole.result).iterdir():
        assert file.read_bytes() == (Path(job.result) / file.name).read_bytes()


@pytest.mark.parametrize("architecture", ["Llama", "Mixtral", "Gemma3Multimodal"])
def test_all_weights_go_on_and_are_kept_whatever_their_names_in_files_are(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of some architectures, a weight has one name in the model's files and another in memory."""
    import torch

    from auditc.objectives import _fit

    more = {"num_local_experts": 2} if architecture == "Mixtral" else {}
    source = small.model(tmp_path / "model", architecture, **more)
    states: dict[int, dict[str, Any]] = {}
    kept: dict[str, Any] = {}
    wrote, saved = _fit.write_state, _fit._write

    def note(model: Any, place: Path) -> None:
        wrote(model, place)
        states[int(place.name[11:])] = {name: part.detach().clone() for name, part in model.named_parameters()}

    def keep(trainee: Any, result: Path) -> None:
        kept.update({name: part.detach().clone() for name, part in trainee.model.named_parameters()})
        saved(trainee, result)

    monkeypatch.setattr(_fit, "write_state", note)
    monkeypatch.setattr(_fit, "_write", keep)
    few = {"adapter": small.FULL, "examples": 4, "valid": 2, "epochs": 3}
    # What is kept is the state that was the lowest, to the bit, and not the last one.
    done = small.train(source, small.job(tmp_path / "lowest", keep="lowest", **{**few, "learning_rate": 0.3}))
    assert done.kept < 3
    assert all(torch.equal(kept[name], part) for name, part in states[done.kept].items())
    assert not all(torch.equal(kept[name], part) for name, part in states[3].items())
    result = ModelSource("m", str(tmp_path / "lowest" / "result"), "y")
    opened = dict(open_trainee(result, ONE, small.settings(adapter=small.FULL)).model.named_parameters())
    assert all(torch.equal(kept[name], part) for name, part in opened.items()) and {*opened} == {*kept}
    # What was interrupted goes on to the same bytes.
    whole, cut = (small.job(tmp_path / name, **few) for name in ("whole", "cut"))
    small.train(source, whole)

    class Ends(list[Progress]):
        def append(self, told: Progress) -> None:
            if told.step == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        small.train(source, cut, Ends())
    told: list[Progress] = []
    small.train(source, cut, told)
    assert [point.step for point in told if point.loss is not None] == [3]
    for file in Path(whole.result).iterdir():
        assert file.read_bytes() == (Path(cut.result) / file.name).read_bytes()


def test_a_state_that_is_not_the_models_is_refused_and_left_out_the_next_time(
    model: ModelSource, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    job = small.job(tmp_path)
    small.train(model, job)
    shutil.rmtree(job.result)
    state = Path(job.checkpoints) / "checkpoint-6" / "state.safetensors"
    tensors = load_file(state)
    first = min(tensors)
    tensors[first.replace("lora_A", "lora_Z")] = tensors.pop(first)  # as long as before
    save_file(tensors, state)
    with pytest.raises(NotTrained, match="lora_Z") as caught:
        small.train(model, job)
    assert "Run again" in caught.value.help
    told: list[Progress] = []
    small.train(model, job, told)
    assert told[0].step == 0


def test_a_state_of_another_job_is_not_gone_on_from(model: ModelSource, tmp_path: Path) -> None:
    small.train(model, small.job(tmp_path))
    shutil.rmtree(tmp_path / "result")
    told: list[Progress] = []
    small.train(model, small.job(tmp_path, learning_rate=0.02), told)
    assert told[0].step == 0


def test_a_training_that_was_killed_at_its_very_end_only_writes_its_result(model: ModelSource, tmp_path: Path) -> None:
    for name, other in (("whole", {}), ("stopped", {"epochs": 20, "learning_rate": 0.3, "patience": 1})):
        job = small.job(tmp_path / name, keep="lowest", **other)
        expected = small.train(model, job)
        assert bool(expected.stopped) is (name == "stopped")
        written = (Path(job.result) / "adapter_model.safetensors").read_bytes()
        shutil.rmtree(job.result)
        told: list[Progress] = []
        again = small.train(model, job, told)
        assert again == expected.model_copy(update={"begun": again.begun}) and again.begun and not told
        assert (Path(job.result) / "adapter_model.safetensors").read_bytes() == written


def test_a_training_that_makes_things_worse_ends_early_and_says_so(model: ModelSource, tmp_path: Path) -> None:
    told: list[Progress] = []
    done = small.train(model, small.job(tmp_path, epochs=30, learning_rate=0.3, patience=2, keep="lowest"), told)
    looks = [point for point in done.curve if point.valid is not None and point.step]
    assert "not lower for 2 epochs" in done.stopped and len(looks) < 30
    assert done.kept == looks[-3].step


def test_a_state_is_gone_on_from_whatever_its_survey_is_called_and_with_any_seed(
    model: ModelSource, tmp_path: Path
) -> None:
    few = {"examples": 4, "valid": 0, "epochs": 1, "seed": 2**64 - 1}
    small.train(model, small.job(tmp_path, params={"survey": "values.train"}, **few))
    shutil.rmtree(tmp_path / "result")
    told: list[Progress] = []
    renamed = small.train(model, small.job(tmp_path, params={"survey": "people.train"}, **few), told)
    assert renamed.begun == 1 and not told
    shutil.rmtree(tmp_path / "result")
    other = {"survey": "people.train", "per_option": "mean"}
    assert small.train(model, small.job(tmp_path, params=other, **few)).begun == 0


def test_a_training_is_another_one_where_its_objective_or_what_all_share_was_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from types import SimpleNamespace

    from auditc.objectives import _contract, objectives
    from auditc.runtime.training.recipe import inputs, recipe

    learnt: Any = SimpleNamespace(said={}, digest="d")
    for name in ("first_token_kl", "sft", "dpo"):
        objective = objectives.take(name)

        def made(of: Any, name: str = name) -> str:
            return recipe(inputs({}, "cpu", name, of, learnt, small.settings(), {}))

        before = made(objective)
        assert made(replace(objective, own=objective.own + 1)) != before == made(objective)
        with monkeypatch.context() as patched:
            patched.setattr(_contract, "SHARED", _contract.SHARED + 1)
            assert made(objective) != before


def refused(model: ModelSource, job: Any, params: Params = ONE) -> NotTrained:
    """Why there is no result; and there is none."""
    with pytest.raises(NotTrained) as caught:
        small.train(model, job, params=params)
    assert not list(Path(job.result).iterdir())
    return caught.value


def test_a_loss_that_is_no_number_ends_the_training(model: ModelSource, tmp_path: Path) -> None:
    fault = refused(model, small.job(tmp_path, learning_rate=1e20, adapter=small.FULL))
    assert fault.reason == "diverged" and "learning_rate" in fault.help


def test_items_whose_options_cannot_be_told_apart_are_all_named_before_anything_is_trained(
    model: ModelSource, tmp_path: Path
) -> None:
    learnt = tuple(small.example(n, 2, (("A",), ("A",))) if n in (3, 5) else small.example(n) for n in range(8))
    fault = refused(model, small.job(tmp_path, learnt=learnt))
    assert fault.reason == "spelling" and "q3" in fault.message and "q5" in fault.message and "q4" not in fault.message
    two = tuple(small.example(n, 2, (("Yes",), ("No",))) for n in range(2))
    assert refused(model, small.job(tmp_path, "sft", learnt=two)).reason == "spelling"


def test_modules_that_are_not_there_are_named_beside_those_that_are(model: ModelSource, tmp_path: Path) -> None:
    lora = small.LORA.model_copy(update={"params": {**small.LORA.params, "targets": ["query", "q_proj"]}})
    fault = refused(model, small.job(tmp_path, adapter=lora))
    assert fault.reason == "architecture" and "named query;" in fault.message
    assert "q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj" in fault.message


def test_a_prompt_beyond_the_window_is_named(tmp_path: Path) -> None:
    short = small.model(tmp_path / "model", max_position_embeddings=60)
    fault = refused(short, small.job(tmp_path))
    assert fault.reason == "too_long" and "q1" in fault.message


def test_the_frozen_weights_may_be_in_bfloat16(model: ModelSource, tmp_path: Path) -> None:
    job = small.job(tmp_path, precision="bfloat16", keep="lowest")
    done = small.train(model, job)
    looks = [point.valid or 9.0 for point in done.curve if point.valid is not None]
    assert min(looks[1:]) < looks[0]
    probabilities(ModelSource("m", model.folder, "x", adapter=Adapter(job.result, "d")))


@pytest.mark.parametrize("kind", ["dora", "rslora"])
def test_relatives_of_lora(kind: str, model: ModelSource, tmp_path: Path) -> None:
    lora = small.LORA.model_copy(update={"params": {**small.LORA.params, kind: True}})
    job = small.job(tmp_path, adapter=lora, epochs=1)
    small.train(model, job)
    said = json.loads((Path(job.result) / "adapter_config.json").read_bytes())
    assert said[f"use_{kind}"] is True
    probabilities(ModelSource("m", model.folder, "x", adapter=Adapter(job.result, "d")))


@pytest.mark.parametrize("fault", ["disk", "memory"])
def test_what_the_world_does_is_told_and_the_last_whole_state_stays(
    fault: str, model: ModelSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault is injected: neither a disk nor a memory can be filled here."""
    import safetensors.torch
    import torch

    written = safetensors.torch.save_file
    job = small.job(tmp_path, epochs=3)

    def full(tensors: Any, name: Any, *more: Any, **rest: Any) -> None:
        if "checkpoint-6" in str(name):
            Path(name).write_bytes(b"half")
            raise OSError(28, "No space left on device")
        written(tensors, name, *more, **rest)

    step = torch.optim.AdamW.step

    def out(self: Any, *more: Any, **rest: Any) -> Any:
        if (tmp_path / "checkpoints" / "checkpoint-3").is_dir():
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory")
        return step(self, *more, **rest)

    with monkeypatch.context() as patched:
        if fault == "disk":
            patched.setattr("safetensors.torch.save_file", full)
        else:
            patched.setattr(torch.optim.AdamW, "step", out)
        found = refused(model, job)
    assert found.reason == {"disk": "disk_full", "memory": "out_of_memory"}[fault] and found.help
    assert [place.name for place in Path(job.checkpoints).iterdir()] == ["checkpoint-3"]
    told: list[Progress] = []
    small.train(model, job, told)
    assert told[0].step == 4


def table(columns: tuple[str, ...], *rows: tuple[str, ...]) -> dict[str, Any]:
    return Table(path="t.csv", digest="d", columns=columns, rows=rows).model_dump(mode="json")


@pytest.mark.parametrize("objective", ["sft", "dpo"])
def test_answers_and_preferences_are_learnt_from_shares_and_from_texts(
    objective: str, model: ModelSource, tmp_path: Path
) -> None:
    params = {"answers": 3} if objective == "sft" else {"comparisons": 3}
    job = small.job(tmp_path, objective, params=params, keep="lowest", examples=4, valid=2, epochs=8)
    done = small.train(model, job)
    looks = [point.valid or 0.0 for point in done.curve if point.valid is not None]
    losses = [point.loss for point in done.curve if point.loss is not None]
    assert sum(losses[-3:]) < sum(losses[:3]) and len(looks) == 9
    assert done.examples == 4 and "trl" in done.versions
    assert {file.name for file in Path(job.result).iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}
    if objective == "dpo":
        assert looks[0] == pytest.approx(0.6931, abs=1e-4)  # the beginning is as likely as itself
        written = {
            "pairs": table(("prompt", "chosen", "rejected"), ("Hello", "Good day.", "What?"), ("Bye", "So long.", "No"))
        }
    else:
        written = {"data": table(("prompt", "answer"), ("Hello", "Good day."), ("Bye", "So long."))}
    texts = small.job(tmp_path / "texts", objective, params=written, examples=0, valid=0, batch=2)
    done = small.train(model, texts)
    assert done.examples == 2 and done.losses[-1] < done.losses[0]
    assert {file.name for file in Path(texts.result).iterdir()} == {"adapter_config.json", "adapter_model.safetensors"}


def test_answers_are_shared_out_as_people_are() -> None:
    found = [answers(small.example(number), 10, seed=1) for number in range(200)]
    assert found == [answers(small.example(number), 10, seed=1) for number in range(200)]
    for number, drawn in enumerate(found):
        for place, share in enumerate(small.example(number).shares):
            assert int(share * 10) <= drawn.count(place) <= int(share * 10) + 1
    rare = sum(drawn.count((number + 1) % 4) for number, drawn in enumerate(found))
    assert rare / 2000 == pytest.approx(1 / 11, abs=0.01)


def test_pairs_never_set_what_nobody_chooses_against_its_like() -> None:
    example = small.example(0)
    example = type(example)(example.request, (0.9, 0.1, 0.0, 0.0))
    found = pairs(example, 400, seed=1)
    assert all({0, 1} & {*pair} and example.shares[pair[0]] > 0 for pair in found)
    both = [pair for pair in found if {*pair} == {0, 1}]
    assert sum(pair[0] == 0 for pair in both) / len(both) == pytest.approx(0.9, abs=0.08)


def test_memory_is_told_from_the_files(model: ModelSource) -> None:
    from auditc.backends.transformers import transformers as backend

    assert backend.training_memory is not None
    little = backend.training_memory(model, ONE, small.settings(), 100)
    more = {
        "all weights": backend.training_memory(model, ONE, small.settings(adapter=small.FULL), 100),
        "larger batches": backend.training_memory(model, ONE, small.settings(batch=64), 100),
        "longer examples": backend.training_memory(model, ONE, small.settings(), 1000),
    }
    assert all(needed > little for needed in more.values()), more
    twice = small.settings(batch=64, gradient_checkpointing=True)
    assert backend.training_memory(model, ONE, twice, 1000) < backend.training_memory(
        model, ONE, small.settings(batch=64), 1000
    )


@pytest.mark.parametrize("adapter", [small.LORA, small.FULL], ids=["lora", "full"])
@pytest.mark.parametrize("architecture", ["Llama", "Mixtral"])
def test_what_is_kept_for_the_way_back_is_about_as_much_as_is_told(
    adapter: Any, architecture: str, tmp_path: Path
) -> None:
    """Every byte that autograd keeps is counted, where a process's own peak is lost in what the libraries take."""
    import torch

    from auditc.backends.transformers.appetite import LOOSE, training_memory

    more = {"num_local_experts": 4, "num_experts_per_tok": 2} if architecture == "Mixtral" else {}
    deep = {"num_hidden_layers": 10}  # what is held beside, of one layer, is then a tenth
    source = small.model(
        tmp_path / "model", architecture, hidden_size=64, head_dim=16, intermediate_size=192, **more, **deep
    )
    settings = small.settings(adapter=adapter, batch=2)
    model = open_trainee(source, ONE, settings).model.train()
    weights = {part.untyped_storage().data_ptr() for part in model.parameters()}
    kept: dict[int, int] = {}

    def note(part: Any) -> Any:
        storage = part.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return part  # held on to, so that no place is counted for two

    with torch.autograd.graph.saved_tensors_hooks(note, lambda part: part):
        made = model(input_ids=torch.randint(1, 250, (2, 128)), use_cache=False, logits_to_keep=1).logits
    told = training_memory(source, ONE, settings, 1128) - training_memory(source, ONE, settings, 1000)
    assert made.requires_grad
    assert 0.8 < told / LOOSE["cpu"] / sum(kept.values()) < 1.3, (told / LOOSE["cpu"], sum(kept.values()))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system does not tell a process's peak")
@pytest.mark.parametrize("kind", ["lora", "full", "experts"])
def test_a_training_takes_about_as_much_memory_as_is_told(kind: str, tmp_path: Path) -> None:
    """Measured in a process of its own, which takes its time to load the libraries."""
    command = [sys.executable, "-m", "tests.objectives.peak", kind, str(tmp_path)]
    ran = subprocess.run(command, check=True, capture_output=True, text=True)
    measured = json.loads(ran.stdout.strip().splitlines()[-1])
    assert 0.7 < measured["told"] / measured["peak"] < 1.8, measured
