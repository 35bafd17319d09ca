"""Pictures: every label in them and whole, the same bytes each time, and nothing of the person's own state changed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import combinations

import matplotlib as mpl
import measured
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from advisor import pictures
from advisor.errors import MissingPackage
from advisor.importance import Curve, Table, Trust
from advisor.importance.gaussian_process import GaussianProcess, fit
from advisor.importance.table import tabulate
from advisor.measuring import Importances
from advisor.space import Choice, Numeric
from advisor.trials import Trial

CONFIGS = [
    {"learning_rate": 10**-step, "depth": 2 + step, "kind": kind, measured.NAMES[3]: 0.25 * step}
    for step, kind in enumerate(["plain", "odd", "plain", "fancy", "odd"])
]
TRIALS = [Trial(config=config, value=0.3 + 0.1 * row, state="complete") for row, config in enumerate(CONFIGS)]
PAIRED = measured.importances(pairs={("learning_rate", "depth"): 0.09, ("depth", "kind"): 0.03})
DRAWN = {
    "importances": lambda: pictures.plot_importances(measured.importances()),
    "curves": lambda: pictures.plot_curves(measured.importances(), TRIALS, metric="log_loss"),
    "pairs": lambda: pictures.plot_pairs(PAIRED, TRIALS, metric="log_loss"),
    "ablation": lambda: pictures.plot_ablation(measured.comparison(), metric="log_loss"),
}


def wide(count):
    """What was measured of so many parameters with long names, every second of them a choice of long words."""
    words = ("most_frequent_value", "a_constant_of_its_own", "$x^2$")
    names = [f"preprocessing__columns__{number:02d}__strategy_of_imputation" for number in range(count)]
    domains = {name: Choice(words) if number % 2 else Numeric(1e-5, 0.1, log=True) for number, name in enumerate(names)}
    chance = np.random.default_rng(0)
    configs = [
        {name: str(chance.choice(words)) if number % 2 else float(10 ** chance.uniform(-5, -1))
         for number, name in enumerate(names)} for _ in range(30)
    ]  # fmt: skip
    table: Table = tabulate(configs, domains)
    process: GaussianProcess = fit(table, table.units[:, 0] * 2 + table.units[:, 1], steps=5)
    like = measured.importances().parameters["kind"]
    curves = {
        axis.name: Curve(
            values=tuple(axis.value(float(node)) for node in axis.nodes), mean=axis.nodes, low=axis.nodes - 0.1,
            high=axis.nodes + 0.1,
        ) for axis in table.axes
    }  # fmt: skip
    return Importances(
        parameters={name: replace(like, curve=curve) for name, curve in curves.items()},
        pairs=dict.fromkeys(list(combinations(names[:4], 2)), 0.05),
        explained=0.9,
        trust=Trust(trials=30, seen=30, left_out=0.9, coverage=0.9, disagreement=None, verdict="good"),
        aside={},
        process=process,
    ), [(config, 1.0) for config in configs]


def texts(figure):
    """Every text that is drawn; of labels of ticks those inside their axis."""
    FigureCanvasAgg(figure).draw()
    outside = {
        label
        for axes in figure.axes
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.majorTicks, *axis.minorTicks)
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    found = figure.findobj(mpl.text.Text)
    return [text for text in found if text.get_visible() and text.get_text() and text not in outside]


def words(figure):
    return " ".join(text.get_text().replace("\n", "").replace(r"\$", "$") for text in texts(figure))


@pytest.mark.parametrize("name", DRAWN)
def test_the_same_figures_are_the_same_bytes(name):
    assert pictures.svg(DRAWN[name]()) == pictures.svg(DRAWN[name]())


@pytest.mark.parametrize("name", DRAWN)
def test_a_persons_own_settings_neither_change_nor_count(name):
    usual = pictures.svg(DRAWN[name]())
    with mpl.rc_context({"font.size": 20, "axes.facecolor": "black", "text.color": "white", "svg.hashsalt": "other"}):
        before = dict(mpl.rcParams)
        assert pictures.svg(DRAWN[name]()) == usual
        assert dict(mpl.rcParams) == before


def test_no_window_is_made_ready():
    script = (
        "import sys, measured; from advisor import pictures;"
        "pictures.svg(pictures.plot_importances(measured.importances()));"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd="tests")


@pytest.mark.parametrize("count", [3, 8, 30])
def test_no_label_is_cut_and_none_covers_another(count):
    found, trials = wide(count)
    for figure in (
        pictures.plot_importances(found),
        pictures.plot_curves(found, trials, metric="a_metric_with_a_name_of_its_own"),
        pictures.plot_pairs(found, trials),
    ):
        shown = texts(figure)
        boxes = [text.get_window_extent() for text in shown]
        page = figure.bbox
        for text, box in zip(shown, boxes, strict=True):
            assert page.x0 - 1 <= box.x0, text.get_text()
            assert box.x1 <= page.x1 + 1, text.get_text()
            assert page.y0 - 1 <= box.y0, text.get_text()
            assert box.y1 <= page.y1 + 1, text.get_text()
        upright = [box.shrunk(0.98, 0.9) for text, box in zip(shown, boxes, strict=True) if text.get_rotation() == 0]
        assert not [1 for one, other in combinations(upright, 2) if one.overlaps(other)]


def test_importances_name_every_parameter_and_what_can_be_told_of_it():
    said = words(pictures.plot_importances(measured.comparison()))
    assert all(name in said for name in measured.NAMES)
    assert {"matters", "does not matter", "cannot tell"} <= {
        text.get_text() for text in texts(pictures.plot_importances(measured.importances()))
    }
    assert "what a parameter without effect may get" in said


def test_curves_have_the_scale_of_their_parameter_and_the_metric_with_its_direction():
    figure = pictures.plot_curves(measured.importances(), TRIALS, metric="log_loss")
    scales = {axes.get_title().split("\n")[0]: axes.get_xscale() for axes in figure.axes}
    assert scales["learning_rate"] == "log"
    assert scales["depth"] == "linear"
    said = words(figure)
    assert "log_loss (less is better)" in said
    assert all(choice in said for choice in ("plain", "fancy", "odd"))


def test_curves_of_which_more_is_better_are_scores_not_costs():
    found = measured.importances(direction="maximize")
    figure = pictures.plot_curves(found, metric="auc")
    [line] = figure.axes[0].lines
    assert line.get_ydata() == pytest.approx(-found.parameters["learning_rate"].curve.mean)
    assert "auc (more is better)" in words(figure)


def test_whole_numbers_on_a_logarithmic_scale_are_drawn_on_one():
    domains = {"units": Numeric(1, 64, log=True, integer=True), "depth": Numeric(2, 5, integer=True)}
    configs = [{"units": 2**power, "depth": 2 + power % 4} for power in range(7)]
    table = tabulate(configs, domains)
    process = fit(table, np.arange(7.0), steps=3)
    like = measured.importances().parameters["depth"]
    values = {axis.name: tuple(axis.value(float(node)) for node in axis.nodes) for axis in table.axes}
    flat = {name: np.ones(len(each)) for name, each in values.items()}
    curves = {n: Curve(values=values[n], mean=flat[n], low=flat[n] - 0.1, high=flat[n] + 0.1) for n in values}
    parameters = {name: replace(like, curve=curve) for name, curve in curves.items()}
    found = measured.importances(process=process, parameters=parameters, pairs={("units", "depth"): 0.1})
    for figure in (pictures.plot_curves(found), pictures.plot_pairs(found)):
        scales = {axes.get_xscale(): axes.get_xlim() for axes in figure.axes}
        assert scales["log"][0] < 1
        assert scales["log"][1] > 64
    many = pictures.plot_curves(found).axes
    assert {axes.get_title().split("\n")[0]: bool(axes.containers) for axes in many} == {"units": False, "depth": True}


def test_a_trial_far_off_stands_at_the_border_and_does_not_hide_the_curves():
    far = [*TRIALS, Trial(config=CONFIGS[0], value=1e6, state="complete")]
    figure = pictures.plot_curves(measured.importances(), far)
    assert figure.axes[0].get_ylim()[1] < 10
    tops = [points.get_offsets()[:, 1].max() for points in figure.axes[0].collections[1:] if len(points.get_offsets())]
    assert max(tops) == pytest.approx(figure.axes[0].get_ylim()[1])


def test_only_the_first_of_many_parameters_are_drawn_and_that_is_said():
    figure = pictures.plot_curves(measured.importances(), most=2)
    assert [axes.get_title().split("\n")[0] for axes in figure.axes] == ["learning_rate", "depth"]
    assert "2 of 4 parameters" in words(figure)


def test_a_parameter_with_a_condition_says_when_it_has_an_effect():
    process = measured.process()
    mask = np.array([False, True, True])
    axes = tuple(
        replace(axis, conditions=((2, mask),)) if axis.name == "depth" else axis for axis in process.axes
    )  # fmt: skip
    found = measured.importances(process=replace(process, axes=axes))
    assert "if kind is fancy or odd" in words(pictures.plot_curves(found))


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_the_best_of_a_heat_map_is_bright_in_either_direction(direction):
    figure = pictures.plot_pairs(replace(PAIRED, direction=direction, process=wide(4)[0].process, pairs={
        tuple(axis.name for axis in wide(4)[0].process.axes[:2]): 0.1,
    }))  # fmt: skip
    mesh = figure.axes[0].collections[0]
    values = mesh.get_array()
    best, worst = (values.min(), values.max()) if direction == "minimize" else (values.max(), values.min())
    assert sum(to_rgb(mesh.to_rgba(best))) > sum(to_rgb(mesh.to_rgba(worst)))


def test_pairs_that_explain_next_to_nothing_are_not_drawn():
    assert "No two parameters explain" in words(pictures.plot_pairs(measured.importances(pairs={})))
    assert len(pictures.plot_pairs(PAIRED, most=1).axes) == 2


def test_the_way_is_drawn_from_the_default_to_the_best():
    said = words(pictures.plot_ablation(measured.comparison(), metric="log_loss"))
    assert "the first trial" in said
    assert "learning_rate  0.1 → 0.0123" in said
    assert "1 more" in said
    figure = pictures.plot_ablation(measured.comparison())
    alone = next(line for line in figure.axes[0].lines if line.get_label() == "if only this changed")
    assert alone.get_xdata() == pytest.approx([0.45, 0.9])


def test_where_nothing_differs_a_picture_says_so():
    nothing = measured.importances(process=None, parameters={}, pairs={})
    assert "there are no curves" in words(pictures.plot_curves(nothing))
    assert "No parameter varied" in words(pictures.plot_importances(nothing))
    assert "No two parameters" in words(pictures.plot_pairs(nothing))
    nowhere = measured.comparison(path=(), end=measured.comparison().start)
    assert "the first trial" in words(pictures.plot_ablation(nowhere))


def test_without_matplotlib_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackage, match=r"hpo-advisor\[report\]") as caught:
        pictures.plot_importances(measured.importances())
    assert caught.value.exit_code == 5
