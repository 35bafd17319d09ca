"""The module for Hugging Face's Trainer: what it writes, what it draws, and what Trainer itself makes of it."""

from __future__ import annotations

import fitting
import pytest
from hypothesis import given, settings
from one_stage import plan
from random_plans import plans

from advisor import exporters, library
from advisor.errors import CannotExport
from advisor.exporters import hugging_face
from advisor.space import Choice

optuna = pytest.importorskip("optuna")
optuna.logging.set_verbosity(optuna.logging.ERROR)

RATE = {"learning_rate": {"type": "float", "low": 1e-6, "high": 0.1, "log": True}}
WARMUP = {"warmup_ratio": {"type": "float", "low": 0.1, "high": 0.4}}
DEPTH = {"depth": {"type": "int", "low": 2, "high": 3}}


def text(made, stage=None):
    return exporters.export(made, "hugging-face", stage, allow_loss=True)


def module(made, stage=None):
    return executed(text(made, stage))


def executed(written):
    names = {"__name__": "exported"}
    exec(compile(written, "exported.py", "exec"), names)  # noqa: S102 - our own text
    return names


def losses(made):
    return [str(loss) for loss in exporters.losses(made, "hugging-face")]


def refused(made, words):
    with pytest.raises(CannotExport, match=words):
        exporters.export(made, "hugging-face")
    return True


@settings(max_examples=60)
@given(made=plans())
def test_draws_of_any_plan_are_of_the_plan(made):
    for stage in made.stages:
        if any(isinstance(s.domain, Choice) and len(set(s.choices)) < len(s.choices) for s in stage.search.values()):
            continue  # refused
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
        configuration = module(made, stage.id)["configuration"]
        assert [misfit for _ in range(5) for misfit in fitting.misfits(stage, configuration(study.ask()))] == []


def test_canonical_names_are_those_of_the_knowledge_base():
    for family in ("transformer-fine-tuning", "lora"):
        for name, parameter in library.load(family).family.parameters.items():
            argument = parameter.arguments.get("transformers.TrainingArguments")
            if argument is not None:
                assert hugging_face.CANONICAL.get(name, name) == argument
                assert argument in {*hugging_face.FIELDS, *hugging_face.TOO_LATE}


def test_own_names_are_set_by_what_they_mean():
    own = plan({"lr": {**RATE["learning_rate"], "is": "learning_rate"}, "r": {**DEPTH["depth"], "argument": "r"}})
    assert module(own)["ARGUMENTS"] == {"lr": "learning_rate"}


def test_what_is_no_training_argument_is_said_and_left_to_the_model():
    made = plan(RATE | DEPTH, {"dropout": {"value": 0.0}})
    assert "what is no TrainingArguments (depth, dropout): model_init(trial) has to set it" in losses(made)[0]
    names, trial = module(made), optuna.trial.FixedTrial({"learning_rate": 0.01, "depth": 2})
    assert names["hp_space"](trial) == {"learning_rate": 0.01}
    assert names["model_settings"](trial) == {"depth": 2, "dropout": 0.0}
    assert names["model_settings"](None) == {}
    assert "model_settings" not in text(plan(RATE))


def test_values_that_trainer_would_cast_to_others_are_refused():
    assert refused(plan({"batch_size": {"type": "float", "low": 1, "high": 2}}), "values of batch_size")
    assert refused(plan({"max_grad_norm": {"type": "categorical", "choices": [None, 1.0]}}), "values of max_grad_norm")
    assert refused(plan(RATE, {"optim": {"value": None}}), "values of optim")
    assert refused(plan({"warmup_ratio": {"type": "float", "low": 0, "high": 1}}), "the share 1 of warmup_ratio")
    kept = {"warmup_steps": {"type": "int", "low": 0, "high": 500}, "epochs": {"type": "int", "low": 1, "high": 3}}
    assert exporters.export(plan(RATE | kept), "hugging-face")


def test_what_trainer_reads_too_early_is_refused_or_said():
    smoothing = {"label_smoothing": {"type": "float", "low": 0, "high": 0.2}}
    assert refused(plan(smoothing), "label_smoothing: Trainer reads label_smoothing_factor when it is made")
    assert any(
        "set it in its TrainingArguments" in loss for loss in losses(plan(RATE, {"label_smoothing": {"value": 0.1}}))
    )
    assert any("call set_seed with it" in loss for loss in losses(plan({"seed": {"type": "int", "low": 1, "high": 9}})))


# By Trainer itself


@pytest.mark.truth
def test_fields_are_those_of_training_arguments_and_of_the_type_that_is_written(tmp_path):
    transformers = pytest.importorskip("transformers")
    arguments = transformers.TrainingArguments(str(tmp_path), report_to="none", use_cpu=True, warmup_steps=0.0)
    for field, kind in hugging_face.FIELDS.items():
        assert isinstance(getattr(arguments, field), kind), field
    assert all(hasattr(arguments, field) for field in hugging_face.TOO_LATE)
    assert not hasattr(arguments, "warmup_ratio")


def trained(names, tmp_path):
    """The best run and what each trial was trained with, by a Trainer with a model of one weight."""
    transformers = pytest.importorskip("transformers")
    import torch

    class One(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = torch.nn.Linear(1, 1)

        def forward(self, x, labels=None):
            found = self.layer(x)
            return {"loss": ((found - labels) ** 2).mean(), "logits": found}

    seen, models = [], []

    class Look(transformers.TrainerCallback):
        def on_train_begin(self, args, state, *_, optimizer=None, **__):
            values = {field: getattr(args, field) for field in hugging_face.FIELDS}
            group = optimizer.param_groups[0]
            warmup = args.get_warmup_steps(state.max_steps)
            seen.append({**values, "group": dict(group), "steps": state.max_steps, "warmup": warmup})

    def model_init(trial=None):
        models.append(names["model_settings"](trial) if "model_settings" in names else {})
        return One()

    rows = [{"x": torch.tensor([float(row)]), "labels": torch.tensor([float(row)])} for row in range(16)]
    arguments = transformers.TrainingArguments(
        str(tmp_path), report_to="none", use_cpu=True, save_strategy="no", disable_tqdm=True, log_level="error"
    )
    trainer = transformers.Trainer(
        model_init=model_init, args=arguments, train_dataset=rows, eval_dataset=rows, callbacks=[Look()]
    )
    return names["search"](trainer), seen, models[1:]


@pytest.mark.truth
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_trainer_trains_with_what_a_trial_draws(tmp_path):
    search = RATE | WARMUP | DEPTH
    search |= {
        "epochs": {"type": "int", "low": 1, "high": 3},
        "batch_size": {"type": "categorical", "choices": [2, 4]},
        "lr_scheduler_type": {"type": "categorical", "choices": ["linear", "cosine"]},
    }
    made = plan(search, {"beta1": {"value": 0.8}, "weight_decay": {"value": 0.0}})
    start = {"learning_rate": 0.01, "warmup_ratio": 0.25, "depth": 3, "epochs": 2, "batch_size": 4}
    start |= {"lr_scheduler_type": "cosine", "beta1": 0.7, "weight_decay": 0.0}
    made = made.having(
        stages=[made.stages[0].having(start=[start])],
        objective=made.objective.having(metric="loss", direction="minimize"),
    )
    best, seen, models = trained(module(made), tmp_path)
    assert best.objective >= 0
    assert len(seen) == len(models) == 10
    assert models[0] == {"depth": 3}
    assert (seen[0]["learning_rate"], seen[0]["lr_scheduler_type"], seen[0]["adam_beta1"]) == (0.01, "cosine", 0.7)
    assert (seen[0]["steps"], seen[0]["warmup"]) == (8, 2)
    for one in seen[1:]:
        assert one["group"]["betas"] == (0.8, 0.999)
        assert one["group"]["initial_lr"] == one["learning_rate"]
        assert one["steps"] == one["num_train_epochs"] * 16 / one["per_device_train_batch_size"]
        assert 0.1 <= one["warmup_steps"] <= 0.4
        assert one["warmup"] >= 0.1 * one["steps"]
    assert len({one["warmup_steps"] for one in seen}) > 5


@pytest.mark.truth
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_without_a_real_zero_trainer_cuts_every_warmup_down(tmp_path):
    """The trap that the module avoids; once this fails, it need not any more."""
    written = text(plan(WARMUP, objective={"metric": "loss", "direction": "minimize"}))
    _, seen, _ = trained(executed(written), tmp_path)
    assert all(one["warmup_steps"] >= 0.1 for one in seen)
    line = "    trainer.args.warmup_steps = float(trainer.args.warmup_steps)\n"
    _, seen, _ = trained(executed(written.replace(line, "")), tmp_path)
    assert {one["warmup_steps"] for one in seen} == {0}


@pytest.mark.truth
@pytest.mark.parametrize(
    ("field", "kept"), [("label_smoothing_factor", "label_smoother"), ("neftune_noise_alpha",) * 2]
)
def test_some_fields_are_read_when_a_trainer_is_made_and_never_again(field, kept):
    """The fields that the module does not set; once this fails, it can."""
    transformers = pytest.importorskip("transformers")
    import inspect

    made, later = (inspect.getsource(method) for method in (transformers.Trainer.__init__, transformers.Trainer.train))
    assert f"args.{field}" in made
    assert f"self.{kept} = " in made
    assert field not in later or f"args.{field}" not in later
