"""What happens in a run, as it is told: in plain lines, and in the live view."""

from __future__ import annotations

import io
import os
import time

import pytest

from advisor import live
from advisor.live import Live, Pace, cut, duration, sparkline
from advisor.plan import Plan
from advisor.progress import Lines, Seen, Silent, Together, is_default
from advisor.trials import Result, StageResult, Trial

DEFAULT = {"rate": 0.1}


class Clock:
    """A clock that stands still until it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


def plan(*trials, direction="minimize", parallel=2, bar=True):
    """A plan that searches a rate in stages of so many trials; its default is 0.1."""
    stages = [
        {
            "id": number, "name": f"part-{number}", "trials": count,
            "sampler": {"name": "tpe", "seed": 0, "startup": 2},
            "start": [DEFAULT] if number == 1 else [],
            "search": {"rate": {"type": "float", "low": 0.0, "high": 1.0, "tier": "critical"}},
        }
        for number, count in enumerate(trials, 1)
    ]  # fmt: skip
    return Plan.model_validate(
        {
            "version": 1,
            "spec": {"name": "made", "sha256": "0" * 12, "family": "toy"},
            "knowledge": {"version": "1", "sha256": "0" * 12},
            "objective": {"metric": "loss", "direction": direction},
            "budget": {"trials": sum(trials), "parallel": parallel},
            "bar": {"note": "None.", "library_default": bar},
            "stages": stages,
            "pruning": {"advised": False, "why": "No."},
        }
    )


def complete(value, rate=0.3, **changes):
    return Trial(config={"rate": rate}, value=value, state="complete", **changes)


def failed(reason, **changes):
    return Trial(config={"rate": 0.2}, state="failed", reason=reason, **changes)


def result(made, *trials, finished=True, best=None, default=None):
    return Result(
        name="made", metric="loss", direction=made.objective.direction, finished=finished, trials=trials, best=best,
        default=default,
    )  # fmt: skip


def tell(observer, made, trials, *, resumed=0, seconds=0.0, clock=None):
    """Tell of trials one after the other, so many seconds apart."""
    observer.run_began(made, resumed)
    observer.stage_began(made.stages[0], (), resumed)
    for number, trial in enumerate(trials):
        if clock is not None:
            clock.now += seconds
        observer.trial_ended(number, trial)


def lines(made, trials, *, seconds=1.0, resumed=0):
    """The lines about trials that are written where trials end so many seconds apart."""
    stream, clock = io.StringIO(), Clock()
    tell(Lines(stream, clock), made, trials, resumed=resumed, seconds=seconds, clock=clock)
    return [line for line in stream.getvalue().splitlines() if "  trial " in line]


# Plain lines


def test_a_run_in_lines_reads_from_beginning_to_end():
    stream, clock, made = io.StringIO(), Clock(), plan(2, 3)
    observer = Lines(stream, clock)
    trials = [complete(0.5, rate=0.1), complete(0.25), failed("ValueError: no\n\x1b[31mluck"), complete(0.125, stage=2)]
    observer.run_began(made, 0)
    for stage, here in ((made.stages[0], trials[:2]), (made.stages[1], trials[2:])):
        observer.stage_began(stage, ("rate narrowed",) if stage.id == 2 else (), 0)
        for trial in here:
            clock.now += 1
            observer.trial_ended(trials.index(trial), trial.having(stage=stage.id))
        observer.stage_ended(StageResult(id=stage.id, name=stage.name, trials=2, failed=1, pruned=0, best=0.25))
    observer.remark("trial 7 is tried\nagain")
    observer.run_ended(result(made, *trials, best=trials[3], default=0.5))
    assert stream.getvalue().splitlines() == [
        "made: 5 trials in 2 stages, minimize loss",
        "stage 1/2 part-1  2 trials  searches rate",
        "stage 1/2 part-1  trial 1/5  loss 0.5  best 0.5 (default 0.5)",
        "stage 1/2 part-1  trial 2/5  loss 0.25  best 0.25 (default 0.5)",
        "stage 1/2 part-1  done: 2 trials, 1 failed, best 0.25",
        "stage 2/2 part-2  3 trials  searches rate",
        "stage 2/2 part-2  rate narrowed",
        "stage 2/2 part-2  trial 3/5  failed: ValueError: no [31mluck  best 0.25 (default 0.5)",
        "stage 2/2 part-2  trial 4/5  loss 0.125  best 0.125 (default 0.5)",
        "stage 2/2 part-2  done: 2 trials, 1 failed, best 0.25",
        "trial 7 is tried again",
        "finished: 4 trials, best 0.125 (default 0.5)",
    ]


def test_trials_that_are_no_better_are_told_only_at_every_twentieth():
    told = lines(plan(100), [complete(0.5)] * 100)
    assert [line.split("trial ")[1].split("/")[0] for line in told] == ["1", *(str(n) for n in range(5, 101, 5))]


def test_ten_thousand_trials_that_end_at_once_are_no_flood():
    better = [complete(1 / (number + 1)) for number in range(10_000)]
    assert len(lines(plan(10_000), better, seconds=0.001)) <= 11


def test_what_is_better_is_told_with_the_next_line_where_it_came_too_soon():
    told = lines(plan(1000), [complete(0.5), complete(0.25), complete(0.75), complete(0.75)], seconds=0.5)
    assert told == [
        "stage 1/1 part-1  trial 1/1000  loss 0.5  best 0.5",
        "stage 1/1 part-1  trial 3/1000  loss 0.75  best 0.25",
    ]


def test_after_ten_minutes_of_silence_a_trial_is_told_whatever_it_is():
    assert len(lines(plan(10_000), [complete(0.5)] * 4, seconds=199)) == 1
    assert len(lines(plan(10_000), [complete(0.5)] * 4, seconds=601)) == 4


def test_each_kind_of_failure_is_told_once_whatever_its_figures():
    reasons = [f"MemoryError: {gigabytes} GB" for gigabytes in (1.5, 2, 33)] + ["ValueError: no"] * 3
    told = lines(plan(1000), [failed(reason) for reason in reasons], seconds=0)
    assert [line.split("failed: ")[1] for line in told] == ["MemoryError: 1.5 GB", "ValueError: no"]


def test_failures_that_all_differ_are_no_flood():
    kinds = [failed("".join(chr(97 + int(digit)) for digit in str(number))) for number in range(1000)]
    assert len(lines(plan(1000), kinds, seconds=0)) <= 21


def test_trials_that_were_there_give_the_best_and_the_bar_and_are_not_told_again():
    there = [complete(0.5, rate=0.1), complete(0.25)]
    told = lines(plan(1000), [*there, complete(0.125)], resumed=2)
    assert told == ["stage 1/1 part-1  trial 3/1000  loss 0.125  best 0.125 (default 0.5)"]


def test_more_is_better_where_the_plan_says_so():
    told = lines(plan(1000, direction="maximize"), [complete(0.5), complete(0.25), complete(0.75)])
    assert [line.split("best ")[1] for line in told] == ["0.5", "0.75"]


# What is known


def seen_after(made, *trials):
    seen = Seen.at_the_beginning(made, 0).in_stage(made.stages[0], 0)
    for number, trial in enumerate(trials):
        seen = seen.after(number, trial)
    return seen


def test_default_is_known_by_its_values_whenever_it_ends():
    seen = seen_after(plan(9), complete(0.5), complete(0.75, rate=0.1))
    assert (seen.default, seen.best, seen.gain) == (0.75, 0.5, 0.25)


def test_where_trial_0_is_not_the_default_there_is_no_bar():
    assert is_default(plan(9), {"rate": 0.1})
    assert not is_default(plan(9), {"rate": 0.2})
    assert not is_default(plan(9, bar=False), {"rate": 0.1})


def test_gain_is_how_much_better_in_either_direction():
    assert seen_after(plan(9), complete(0.5, rate=0.1), complete(0.25)).gain == 0.25
    assert seen_after(plan(9, direction="maximize"), complete(0.5, rate=0.1), complete(0.75)).gain == 0.25


def test_a_trial_of_another_stage_counts_for_the_run_only():
    seen = seen_after(plan(9, 9), complete(0.5, stage=2))
    assert (seen.done, seen.here) == (1, 0)


def test_failed_and_pruned_trials_are_counted_and_are_never_the_best():
    pruned = Trial(config={}, state="pruned", reported=(0.1,), reason="behind")
    seen = seen_after(plan(9), complete(0.5), failed("no"), pruned, failed("never"))
    assert (seen.done, seen.failed, seen.pruned, seen.reason, seen.best) == (4, 2, 1, "never", 0.5)


# The live view


def test_pace_is_length_over_places_until_each_place_has_ended_one():
    pace = Pace(began=0.0, places=4).after(60.0, 60.0)
    assert Pace(began=0.0).left(8) is None
    assert pace.left(8) == 120.0


def test_pace_is_that_of_the_clock_from_then_on():
    pace = Pace(began=0.0, places=2)
    for now in (60.0, 60.0, 120.0, 120.0):
        pace = pace.after(now, 1.0)
    assert pace.left(10) == 300.0


def test_pace_forgets_how_slow_it_was_long_ago():
    pace = Pace(began=0.0)
    for now in [1000.0 * n for n in range(1, 31)] + [30_000.0 + 10 * n for n in range(1, 41)]:
        pace = pace.after(now, 10.0)
    assert pace.left(6) == pytest.approx(60.0)


def test_lengths_of_time_are_in_their_two_largest_units():
    shown = [duration(seconds) for seconds in (0.2, 59.7, 750, 11_100, 187_300)]
    assert shown == ["0 s", "1 min 0 s", "12 min 30 s", "3 h 5 min", "2 d 4 h"]


def test_sparkline_goes_from_the_first_value_to_the_best_at_the_trial_that_found_it():
    seen = seen_after(plan(48), *[complete(8.0)] * 23, *[complete(1.0)] * 25)
    assert sparkline(seen) == "█" * 11 + "▁" * 13
    assert sparkline(seen_after(plan(48), complete(8.0))) == "▁" * 24


def test_text_is_cut_by_columns_and_not_by_letters():
    assert cut("abcdef", 4) == "abcd"
    assert cut("損失が大", 5) == "損失"
    assert cut("e\u0301a", 2) == "e\u0301a"


class Terminal(io.StringIO):
    """What is written to a real terminal, as its screen shows it."""

    def __init__(self, columns=80, rows=16):
        super().__init__()
        pyte = pytest.importorskip("pyte", reason="a terminal in memory")
        self.screen = pyte.HistoryScreen(columns, rows, history=1000)
        self.screen.set_mode(pyte.modes.LNM)
        self.output = pyte.Stream(self.screen)
        self.redraws = 0

    def write(self, text):
        self.redraws += text.startswith("\x1b7")
        self.output.feed(text)
        return len(text)

    def size(self):
        return os.terminal_size((self.screen.columns, self.screen.lines))

    @property
    def scrolled(self):
        """All that has been written above the foot, from the beginning."""
        gone = ["".join(line[x].data for x in range(self.screen.columns)) for line in self.screen.history.top]
        return [line.rstrip() for line in [*gone, *self.screen.display]]


def watched(terminal, clock=None, **options):
    return Live(terminal, size=terminal.size, clock=clock or Clock(), **options)


def test_view_says_where_the_run_is():
    terminal, clock = Terminal(), Clock()
    trials = [complete(0.5, rate=0.1), complete(0.25), failed("ValueError: no")]
    tell(watched(terminal, clock), plan(10, 10), trials, seconds=30.0, clock=clock)
    assert [line.rstrip() for line in terminal.screen.display[-5:]] == [
        "─" * 80,
        "stage 1/2 part-1  trial 3/20, 2 running  1 min 30 s, 8 min 30 s left",
        "best loss 0.25, 0.25 (50 %) better than the default (0.5)",
        "███████████████▁▁▁▁▁▁▁▁▁ best so far",
        "1 failed; last: ValueError: no",
    ]


@pytest.mark.parametrize("rows", [12, 16, 40])
def test_what_is_printed_meanwhile_is_all_there_and_the_view_stays_whole(rows):
    terminal, clock, made = Terminal(rows=rows), Clock(), plan(30)
    observer = watched(terminal, clock)
    tell(observer, made, [])
    for number in range(30):
        clock.now += 1
        terminal.write("".join(f"epoch {number}.{epoch}\n" for epoch in range(3)))
        observer.trial_ended(number, complete(30.0 - number))
    assert [line for line in terminal.scrolled if line.startswith("epoch")] == [
        f"epoch {number}.{epoch}" for number in range(30) for epoch in range(3)
    ]
    assert sum("trial " in line and "running" in line for line in terminal.scrolled) == 1
    assert terminal.screen.display[-3].startswith("best loss 1")


def test_a_line_that_is_printed_in_pieces_stays_in_one():
    terminal, clock = Terminal(), Clock()
    observer = watched(terminal, clock)
    tell(observer, plan(30), [])
    terminal.write("half")
    observer.trial_ended(0, complete(1.0))
    terminal.write(" and half\n")
    assert "half and half" in terminal.scrolled


def test_nothing_of_the_view_is_left_above_the_end():
    terminal, clock, made = Terminal(), Clock(), plan(3)
    observer = watched(terminal, clock)
    trials = [complete(0.5, rate=0.1), complete(0.25), failed("no")]
    tell(observer, made, trials, seconds=1.0, clock=clock)
    terminal.write("printed\n")
    observer.run_ended(result(made, *trials, best=trials[1], default=0.5))
    terminal.write("$ ")
    assert [line for line in terminal.scrolled if line] == [
        "made: 3 trials in 1 stage, minimize loss",
        "stage 1/1 part-1  3 trials  searches rate",
        "printed",
        "best loss 0.25, 0.25 (50 %) better than the default (0.5)",
        "███████████████▁▁▁▁▁▁▁▁▁ best so far",
        "1 failed; last: no",
        "finished: 3 trials, best 0.25 (default 0.5)",
        "$",
    ]


def test_the_whole_terminal_scrolls_again_once_the_view_is_closed():
    terminal = Terminal(rows=12)
    observer = watched(terminal)
    tell(observer, plan(3), [])
    observer.close()
    observer.close()
    terminal.write("".join(f"line {number}\n" for number in range(40)))
    assert terminal.screen.display[0].startswith("line 29")
    assert terminal.screen.margins is None or terminal.screen.margins == (0, 11)


def test_a_narrow_terminal_gets_lines_that_are_cut():
    terminal, clock = Terminal(columns=30), Clock()
    tell(watched(terminal, clock), plan(10), [complete(0.5)] * 2, seconds=30.0, clock=clock)
    assert terminal.screen.display[-4].startswith("stage 1/1 part-1  trial 2/10,")
    assert terminal.screen.display[-3].rstrip() == "best loss 0.5"


def test_view_follows_the_size_of_the_terminal():
    terminal, clock = Terminal(rows=16), Clock()
    observer = watched(terminal, clock)
    tell(observer, plan(10), [complete(0.5)])
    for rows, columns in ((24, 60), (14, 50), (8, 70), (20, 60)):
        terminal.screen.resize(rows, columns)
        clock.now += 1
        observer.trial_ended(1, complete(0.5))
        if rows >= 10:
            assert terminal.screen.display[-5] == "─" * columns
            assert "running" in terminal.screen.display[-4]


def test_at_most_ten_views_are_drawn_a_second_and_a_few_at_once_are_all_drawn():
    terminal, clock = Terminal(), Clock()
    observer = watched(terminal, clock)
    tell(observer, plan(1000), [])
    terminal.redraws = 0
    for number in range(1000):
        observer.trial_ended(number, complete(1.0))
        if number == 4:
            assert terminal.redraws == 5
        clock.now += 0.01
    assert terminal.redraws <= 101


def test_default_that_is_not_beaten_is_said():
    terminal = Terminal()
    tell(watched(terminal), plan(10), [complete(0.5, rate=0.1), complete(0.75)])
    assert terminal.screen.display[-3].rstrip() == "best loss 0.5, the default (0.5) is not beaten yet"


# Who is told


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "dumb"}, {}])
def test_lines_are_chosen_where_no_view_can_be(environment):
    terminal = Terminal()
    terminal.isatty = lambda: True
    with live.shown(terminal, environment) as observer:
        assert isinstance(observer, Lines)


def test_lines_are_chosen_where_the_stream_is_a_pipe():
    with live.shown(io.StringIO(), {"TERM": "xterm"}) as observer:
        assert isinstance(observer, Lines)


def test_live_view_is_chosen_in_a_terminal_and_gives_it_back_after_a_crash():
    pty = pytest.importorskip("pty", reason="terminals of Unix")
    import fcntl
    import struct
    import termios

    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with os.fdopen(terminal, "w", encoding="utf-8") as stream:
        with pytest.raises(ZeroDivisionError):
            crash_when_watched(stream)
        written = b""
        while not written.endswith(b"\x1b7\x1b[r\x1b8\x1b[J"):
            written += os.read(main, 100_000)
    os.close(main)


def crash_when_watched(stream):
    with live.shown(stream, {"TERM": "xterm"}) as observer:
        assert isinstance(observer, Live)
        tell(observer, plan(3), [complete(0.5)])
        raise ZeroDivisionError


def test_an_observer_that_fails_is_told_of_and_left_out():
    class Broken(Silent):
        def trial_ended(self, number, trial):  # noqa: ARG002 - what observers are told
            raise OSError("server away")

    stream = io.StringIO()
    tell(Together(Broken(), Lines(stream, Clock())), plan(3), [complete(0.5), complete(0.25)])
    told = stream.getvalue().splitlines()
    assert told.count("Broken failed and is left out from here on: OSError: server away") == 1
    assert "stage 1/1 part-1  trial 1/3  loss 0.5  best 0.5" in told


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["lines", "live"])
def test_being_watched_costs_less_than_a_tenth_of_a_millisecond_a_trial(kind):
    stream = io.StringIO()
    shape = os.terminal_size((100, 40))
    observer = Lines(stream) if kind == "lines" else Live(stream, size=lambda: shape)
    trials = [complete(1 / (number + 1)) for number in range(10_000)]
    began = time.process_time()
    tell(observer, plan(10_000), trials)
    assert (time.process_time() - began) / 10_000 < 0.0001
