"""The command line: each command reads, calls one public function and prints.

Commands import what they need when they run, so that ``advisor --help`` starts at once.
"""
# ruff: noqa: PLC0415

from __future__ import annotations

import gc
import os
import textwrap
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

import click

from advisor import __version__, answers
from advisor.errors import AdvisorError, InvalidFile, Problem
from advisor.words import counted

if TYPE_CHECKING:
    from advisor.plan import Plan
    from advisor.trials import Trial

FILE = click.Path(path_type=FilePath)
MOST_SEED = 2**32 - 16
"""The engine's own, which would be slow to import here; a test keeps them equal."""

INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


class _Commands(click.Group):
    """A group whose commands end with one message and an exit code where an expected error arises."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AdvisorError as error:
            click.echo(_with_head(error), err=True)
            ctx.exit(error.exit_code)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)


def _with_head(error: AdvisorError) -> str:
    text = str(error)
    return text if ": error: " in text else f"error: {text}"


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="advisor")
def main() -> None:
    """Which hyperparameters to tune, where, in what order, for how many trials, and why.

    \b
    Write six lines about the model, the data and the budget into spec.yaml:
      version: 1
      name: churn
      model: {family: lightgbm, task: binary}
      objective: {metric: auc, direction: maximize}
      budget: {trials: 80}
      data: {rows: 48000, features: 120}
    and ask: advisor plan spec.yaml
    """  # noqa: D301 - click reads the escape


@main.command()
@click.argument("spec", type=FILE)
@click.option("-o", "--output", type=FILE, help="Write here instead of printing; the ending may say the format.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "yaml", "json", "markdown"]),
    help="How to write the plan: text, or what the ending of the output says.",
)
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Seed of the samplers.")
def plan(spec: FilePath, output: FilePath | None, form: str | None, seed: int) -> None:
    """Answer SPEC with a staged search plan."""
    from advisor import engine, loading, yamlio

    if output is not None and output.resolve() == spec.resolve():
        raise InvalidFile([Problem(sentence=f"{output} is the spec; write the plan elsewhere, such as plan.yaml")])
    document = yamlio.read(spec)
    described = loading.spec_of(document)
    with loading.placed_in(document):
        found = engine.advise(described, seed=seed)
    form = form or answers.format_of(output)
    if output is None:
        click.echo(answers.plan_as(found, form, answers.style()), nl=False, color=True)
        return
    answers.write(output, answers.plan_as(found, form, None))
    trials, stages = counted(found.budget.trials, "trial"), counted(len(found.stages), "stage")
    click.echo(f"wrote {output}: {trials}, {stages}", err=True)


@main.command()
@click.argument("plan", type=FILE)
@click.argument("name", required=False)
def explain(plan: FilePath, name: str | None) -> None:
    """Say why PLAN says what it says: of a parameter, a rule or a source called NAME, or of everything."""
    from advisor import explanation, loading, terminal

    text = explanation.explain(loading.load_plan(plan), name)
    click.echo(terminal.wrapped(text, answers.style()), nl=False)


class _Export(click.Command):
    """A command whose help ends with the targets that there are."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's own
        """Name each target."""
        from advisor import exporters

        formatter.write_paragraph()
        text = f"Targets: {', '.join(exporters.targets())}."
        formatter.write(f"{textwrap.fill(text, formatter.width, break_on_hyphens=False)}\n")


@main.command(cls=_Export)
@click.argument("plan", type=FILE)
@click.option("--to", "target", required=True, metavar="TARGET", help="Such as optuna, wandb or scikit-learn.")
@click.option("--stage", type=int, help="Only this stage.")
@click.option("-o", "--output", type=FILE, help="Write here instead of printing.")
@click.option("--allow-loss", is_flag=True, help="Write it even where the target changes what is searched.")
def export(plan: FilePath, target: str, stage: int | None, output: FilePath | None, *, allow_loss: bool) -> None:
    """Write PLAN as code or config for an engine; what it cannot express is said."""
    from advisor import exporters, loading

    found = loading.load_plan(plan)
    text = exporters.export(found, target, stage, allow_loss=allow_loss)
    for loss in exporters.losses(found, target, stage):
        click.echo(f"not expressed: {loss}", err=True)
    if output is None:
        click.echo(text, nl=False)
    else:
        answers.write(output, text)


@main.command("run")
@click.argument("plan", type=FILE)
@click.option("--objective", metavar="MODULE:FUNCTION", help="Takes a configuration and returns the metric.")
@click.option("--command", "template", metavar="LINE", help="Such as 'python train.py --lr {learning_rate}'.")
@click.option("--storage", metavar="URL", help="Where trials are kept: a file, a URL, or :memory:.  [default: PLAN.db]")
@click.option("--engine", default="optuna", show_default=True, metavar="NAME", help="Such as optuna or ray.")
@click.option("--address", metavar="ADDRESS", help="Of a Ray cluster that runs already.")
@click.option("--ray-address", "address", hidden=True)
@click.option(
    "--resource",
    "resources",
    type=(str, click.FloatRange(0)),
    multiple=True,
    metavar="NAME AMOUNT",
    help="What a trial holds there, such as gpu 1; several times for several.  [default: cpu 1]",
)
@click.option("--workers", type=click.IntRange(1), help="Trials at the same time.  [default: as the plan says]")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Ends a trial as failed.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Mixed with the stages'.")
@click.option("--confirm", is_flag=True, help="Evaluate the finalists again with other seeds, beyond the budget.")
@click.option("--fresh", is_flag=True, help="Begin a new run instead of going on with the last.")
@click.option("--name", help="The run's name in the storage.  [default: the plan's]")
@click.option("--earlier", metavar="TRIALS", help="Trials of a run before, of any tool; they teach the sampler.")
@click.option("--log", "logs", multiple=True, metavar="NAME", help="Log to mlflow or wandb as well.")
@click.option("--result", type=FILE, help="Where to write the result.  [default: result.json beside PLAN]")
@click.option("--format", "form", metavar="FORM", help="Print the best configuration only: library, python, yaml, ...")
def run_(plan: FilePath, result: FilePath | None, form: str | None, **given: Any) -> None:
    """Run the stages of PLAN; the same command goes on where it was interrupted.

    \b
    advisor run plan.yaml --objective train:objective
    advisor run plan.yaml --command 'python train.py --lr {learning_rate}'
    """  # noqa: D301 - click reads the escape
    from advisor import running

    gc.enable()
    found = running.run(plan, result or plan.with_name("result.json"), form, **given)
    click.echo(running.written(found, form, answers.style()), nl=False, color=True)
    if not found.result.finished:
        click.get_current_context().exit(INTERRUPTED)


def _calculate_alone() -> None:
    """Have linear algebra use one thread, before it is loaded: on small matrices several mostly wait for each other.

    On a busy machine that took twenty times as long.
    """
    for library in ("OMP", "OPENBLAS", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")


@main.command("importance")
@click.argument("trials")
@click.option("--plan", type=FILE, help="The plan that was run: its names, ranges and objective are used.")
@click.option(
    "--metric", "metrics", multiple=True, help="The figure that was optimised; repeat it for several in turn."
)
@click.option("--weights", metavar="A=0.7,B=0.3", help="The sum of several figures, each in standard deviations.")
@click.option("--direction", type=click.Choice(["minimize", "maximize"]), help="Where the file does not say it.")
@click.option("--study", help="Which study, experiment or run, where the file has several.")
@click.option("--parameter", "parameters", multiple=True, help="A column that is a hyperparameter; repeat it.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--full", is_flag=True, help="All methods side by side, and the way from the default to the best.")
@click.option("--triples", multiple=True, metavar="A,B,C", help="What these explain only together; implies --full.")
@click.option("--pictures", type=FILE, metavar="DIR", help="Write SVG pictures into this folder.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Of subsamples.")
def importance_(
    trials: str,
    plan: FilePath | None,
    weights: str | None,
    form: str,
    pictures: FilePath | None,
    triples: tuple[str, ...],
    **named: Any,
) -> None:
    """What mattered in TRIALS, a file or folder of any tool, with intervals."""
    _calculate_alone()
    from advisor import analysing, loading, weighing

    known = loading.load_plan(plan) if plan else None
    asked = {"full": named.pop("full") or bool(triples), "triples": triples, "seed": named.pop("seed")}
    weighted = weighing.parsed(weights) if weights else {}
    named |= {"plan": known, "parameters": named["parameters"] or None, "weights": weighted}
    every = weighing.read(trials, **named)
    for remark in dict.fromkeys(remark for loaded in every for remark in loaded.remarks):
        click.echo(remark, err=True)
    found = [analysing.analyse(loaded, known, **asked) for loaded in every]
    click.echo(weighing.rendered(found, form, answers.style()), nl=False, color=True)
    for path in weighing.draw(found, every, pictures) if pictures is not None else ():
        click.echo(f"wrote {path}", err=True)


@main.command("refine")
@click.argument("plan", type=FILE, required=False)
@click.option("--trials", help="What came of it: a file or folder of any tool.")
@click.option("--from-trials", metavar="TRIALS", help="Trials of a search that had no plan; with --family.")
@click.option("--family", help="What was tuned there, such as lightgbm.")
@click.option("--budget", type=click.IntRange(1), help="Trials of the new plan.  [default: what the old one has left]")
@click.option("--spec", type=FILE, help="What the plan answers; what was held for want of trials is then searched too.")
@click.option("--metric", help="The figure that was optimised, where the file has several.")
@click.option("--direction", type=click.Choice(["minimize", "maximize"]), help="Where neither plan nor file says it.")
@click.option("--parameter", "parameters", multiple=True, help="A column that is a hyperparameter; repeat it.")
@click.option("--study", help="Which study, experiment or run, where the file has several.")
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Of the measurement.")
@click.option("-o", "--output", type=FILE, help="Write the new plan here instead of printing.")
def refine_(spec: FilePath | None, budget: int | None, seed: int, output: FilePath | None, **named: Any) -> None:
    """The next plan, from PLAN and what was measured; nothing changes on a figure that luck explains.

    \b
    advisor refine plan.yaml --trials plan.db --budget 30 -o next.yaml
    advisor refine --from-trials study.db --family lightgbm --budget 30 -o next.yaml
    """  # noqa: D301 - click reads the escape
    _calculate_alone()
    from advisor import loading, refining

    known, trials = _searched(**named)
    asked = None if spec is None else loading.load_spec(spec)
    found = refining.refine(known, trials, spec=asked, budget=budget, seed=seed)
    form = answers.format_of(output)
    if output is None:
        click.echo(answers.plan_as(found, form, answers.style()), nl=False, color=True)
    else:
        answers.write(output, answers.plan_as(found, form, None))
    for text in [note.text for note in found.notes if note.by == "refine"]:
        click.echo(text, err=True)
    source = named["trials"] or named["from_trials"]
    click.echo(f"run it with --earlier {source}, so that its sampler knows these trials", err=True)


def _searched(
    plan: FilePath | None,
    trials: str | None,
    from_trials: str | None,
    family: str | None,
    parameters: tuple[str, ...],
    **named: Any,
) -> tuple[Plan, list[Trial]]:
    """A plan and its trials; of a search that had none, the plan that would have had them."""
    from advisor import adopting, loading, readers

    given = [one is not None for one in (plan, trials, from_trials, family)]
    if given not in ([True, True, False, False], [False, False, True, True]):
        raise click.UsageError("give PLAN and --trials, or --from-trials and --family")
    known = None if plan is None else loading.load_plan(plan)
    loaded = readers.load_trials(trials or from_trials or "", plan=known, parameters=parameters or None, **named)
    for remark in loaded.remarks if known is None else ():
        click.echo(remark, err=True)
    if known is not None:
        readers.check_direction(loaded, known)
    return known or adopting.adopt(loaded, family or ""), [*loaded.trials, *loaded.outside]


@main.command("learn")
@click.argument("trials", nargs=-1, required=True)
@click.option("--family", required=True, help="The family that was tuned, such as xgboost.")
@click.option("-o", "--output", type=FILE, required=True, help="The folder of knowledge to write.")
@click.option(
    "--task-column", metavar="NAME", help="The column that names the task.  [default: task, or a file a task]"
)
@click.option("--metric", help="The figure that was optimised, where a file has several.")
@click.option("--direction", type=click.Choice(["minimize", "maximize"]), help="Where a file does not say it.")
@click.option("--parameter", "parameters", multiple=True, help="A column that is a hyperparameter; repeat it.")
@click.option("--facts", type=FILE, help="A CSV of each task's rows, features, classes.")
@click.option("--source", help="Where the trials come from, as it is cited.  [default: the names of the files]")
@click.option("--format", "form", type=click.Choice(["text", "markdown"]), default="text", show_default=True)
@click.option("--seed", type=click.IntRange(0, MOST_SEED), default=0, show_default=True, help="Of subsamples.")
def learn_(output: FilePath, form: str, **given: Any) -> None:
    """Knowledge from TRIALS over several tasks, laid over what is known; and how both compare."""
    _calculate_alone()
    from advisor import learning

    found = learning.from_files(**given)
    click.echo(learning.report(found, form, answers.style()), nl=False)
    click.echo(f"wrote {learning.save(found, output)}; a spec uses it with knowledge: [{output}]", err=True)


@main.group(cls=_Commands)
def knowledge() -> None:
    """Look at the knowledge base, and check one of your own."""


@knowledge.command("list")
def list_() -> None:
    """The families that are known, with what matters first in each."""
    from advisor import library

    base = library.load_knowledge()
    width = max(map(len, base.families))
    for name, family in base.families.items():
        first = [n for n, parameter in family.parameters.items() if parameter.tier == "critical"]
        click.echo(f"{name.ljust(width)}  {family.title}: {', '.join(first)}")


@knowledge.command()
@click.argument("family")
@click.option("--parameter", help="Only this parameter.")
@click.option("--knowledge", "folder", type=FILE, help="A folder that is laid over the knowledge base.")
def show(family: str, parameter: str | None, folder: FilePath | None) -> None:
    """What the knowledge base says of FAMILY, as YAML."""
    from advisor import binding, library, yamlio
    from advisor.errors import UnknownName

    described = library.load(family, [folder] if folder else []).family
    data = described.to_data()
    if parameter is not None:
        meanings = binding.meanings(described, None)
        if parameter not in meanings:
            raise UnknownName(f"parameter in {family}", parameter, meanings)
        canonical = meanings[parameter]
        data = {canonical: data["parameters"][canonical]}
    click.echo(yamlio.dump(data), nl=False)


@knowledge.command()
@click.argument("folder", required=False, type=FILE)
def check(folder: FilePath | None) -> None:
    """Check formats, references, sources and cases: of the knowledge base, or of FOLDER laid over it."""
    from advisor import validation

    report = validation.check(folder)
    for problem in report.errors:
        click.echo(problem, err=True)
    families, rules = counted(report.families, "family", "families"), counted(report.rules, "rule")
    click.echo(f"{families}, {rules}, {counted(report.cases, 'case')}")
    if report.errors:
        click.get_current_context().exit(2)


@knowledge.command()
@click.argument("kind", type=click.Choice(["spec", "plan", "family"]))
def schema(kind: str) -> None:
    """The JSON Schema of a spec, a plan or a family, for editors and other programs."""
    from advisor import schemas

    click.echo(schemas.shipped(schemas.kind_named(kind)), nl=False)


@main.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print what SHELL has to read to complete advisor's commands.

    \b
    bash: eval "$(advisor completion bash)"
    zsh:  eval "$(advisor completion zsh)"
    fish: advisor completion fish | source
    """  # noqa: D301 - click reads the escape
    from click.shell_completion import get_completion_class

    found = get_completion_class(shell)
    assert found is not None  # noqa: S101 - click knows these three
    click.echo(found(main, {}, "advisor", "_ADVISOR_COMPLETE").source())
