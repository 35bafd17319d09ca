"""The live view of a run: a few lines that stay at the foot of the terminal while all else scrolls above them.

The terminal itself keeps the two apart: its scrolling region (DECSTBM, VT100 and later) ends above the foot. So what an
objective prints, in this process or another, and what its libraries log, is neither overwritten nor in the way.
"""

from __future__ import annotations

import os
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Final, NamedTuple, TextIO, TypeAlias

from advisor.plan import Plan, Stage
from advisor.progress import (
    Clock,
    Lines,
    Observer,
    Seen,
    beginning,
    gained,
    in_one_line,
    run_ending,
    stage_beginning,
    stage_ending,
)
from advisor.space import shown_value
from advisor.trials import Result, StageResult, Trial

Size: TypeAlias = Callable[[], os.terminal_size]
"""Columns and lines of the terminal now."""

_HEIGHT: Final = 5
"""Lines of the view."""
_LEAST_ABOVE: Final = 5
"""Lines that have to be left for what scrolls."""
_MOST_REDRAWS: Final = 10
"""In any second; so that several trials which end together are all shown, and thousands cost nothing."""


@contextmanager
def shown(stream: TextIO, environment: Mapping[str, str], places: int | None = None) -> Iterator[Observer]:
    """The live view where the stream is a terminal that can show it, else plain lines; gone at the end of the block.

    Args:
        stream: Where to write: standard error.
        environment: The environment variables; ``NO_COLOR`` and ``TERM=dumb`` ask for lines.
        places: Trials that run at the same time; left out, as many as the plan says.
    """
    if not _is_able(stream, environment):
        yield Lines(stream)
        return
    live = Live(stream, size=partial(os.get_terminal_size, stream.fileno()), places=places)
    try:
        yield live
    finally:
        live.close()


def _is_able(stream: TextIO, environment: Mapping[str, str]) -> bool:
    is_plain = environment.get("NO_COLOR") or environment.get("TERM", "dumb") == "dumb"
    if is_plain or not stream.isatty() or "utf" not in stream.encoding.lower():
        return False
    return os.get_terminal_size(stream.fileno()).lines >= _HEIGHT + _LEAST_ABOVE


class Live:
    """An observer that redraws a few lines in place, and writes in plain lines what is said once.

    It draws when it is told something; between two trials it stands still.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        size: Size,
        clock: Clock = time.monotonic,
        places: int | None = None,
    ) -> None:
        self._stream = stream
        self._clock = clock
        self._foot = Foot(stream, size)
        self._places = places
        self._redraws: deque[float] = deque(maxlen=_MOST_REDRAWS)
        self._seen: Seen | None = None
        self._pace = Pace(began=0.0)

    def run_began(self, plan: Plan, resumed: int) -> None:
        """Say what is run."""
        self._seen = Seen.at_the_beginning(plan, resumed)
        self._pace = Pace(began=self._clock(), places=self._places or plan.budget.parallel)
        self._say(*beginning(plan, resumed))

    def stage_began(self, stage: Stage, log: tuple[str, ...], done: int) -> None:
        """Say what is searched and was decided, and show the stage."""
        assert self._seen is not None  # noqa: S101 - a run begins before its stages
        self._seen = self._seen.in_stage(stage, done)
        self._say(*stage_beginning(self._seen, log))
        self._draw(self._seen)

    def trial_ended(self, number: int, trial: Trial) -> None:
        """Show where the run is now, unless the view was drawn often enough within the last second."""
        assert self._seen is not None  # noqa: S101 - a run begins before its trials
        self._seen = self._seen.after(number, trial)
        if number < self._seen.resumed:
            return
        now = self._clock()
        self._pace = self._pace.after(now, trial.seconds)
        if len(self._redraws) < _MOST_REDRAWS or now - self._redraws[0] >= 1:
            self._draw(self._seen)

    def stage_ended(self, result: StageResult) -> None:
        """Say how many trials it had, and the best."""
        assert self._seen is not None  # noqa: S101 - a stage has begun
        self._say(stage_ending(self._seen, result))

    def run_ended(self, result: Result) -> None:
        """Give the terminal back, and say how the run ended."""
        self.close()
        assert self._seen is not None  # noqa: S101 - a run begins before it ends
        self._say(*_values(self._seen), *_losses(self._seen), run_ending(result))

    def remark(self, text: str) -> None:
        """Say it, above the view."""
        self._say(in_one_line(text))

    def close(self) -> None:
        """Give the whole terminal back; a second time, nothing happens."""
        self._foot.close()

    def _say(self, *lines: str) -> None:
        self._stream.write("".join(f"{line}\n" for line in lines))
        self._stream.flush()

    def _draw(self, seen: Seen) -> None:
        now = self._clock()
        self._redraws.append(now)
        self._foot.draw(view(seen, self._pace, now))


# What the view says


class Pace(NamedTuple):
    """How fast trials have been ending of late.

    Attributes:
        began: When the first could have begun.
        places: Trials that run at the same time.
        ended: Trials that have ended since.
        recent: When each of the last ended.
        lengths: How many seconds each of those took.
    """

    began: float
    places: int = 1
    ended: int = 0
    recent: tuple[float, ...] = ()
    lengths: tuple[float, ...] = ()

    def after(self, now: float, seconds: float) -> Pace:
        """The pace once one more has ended, which took so long."""
        most = max(_LEAST_RECENT, 2 * self.places)
        return self._replace(
            ended=self.ended + 1,
            recent=(*self.recent, now)[-most:],
            lengths=(*self.lengths, seconds)[-most:],
        )

    def left(self, remaining: int) -> float | None:
        """Seconds that so many more will take; None before anything has ended.

        Until each place has ended a trial, by their length over the places; from then on by the clock, which knows
        of other machines and of what passes between trials.
        """
        if not self.recent:
            return None
        if self.ended < self.places:
            return remaining * sum(self.lengths) / len(self.lengths) / self.places
        since = self.began if self.ended == len(self.recent) else self.recent[0]
        counted = len(self.recent) - (self.ended > len(self.recent))
        return remaining * (self.recent[-1] - since) / counted


_LEAST_RECENT: Final = 20
"""Trials whose ends make the pace; twice the places where that is more, so that a round of them counts once."""


def view(seen: Seen, pace: Pace, now: float) -> list[str]:
    """The lines of the view, without regard to the width."""
    budget = seen.plan.budget.trials
    running = min(pace.places, max(seen.stage.trials - seen.here, 0))
    times = [duration(now - pace.began)]
    left = pace.left(max(budget - seen.done, 0))
    times += [] if left is None else [f"{duration(left)} left"]
    head = f"{seen.place}  trial {seen.done}/{budget}, {running} running  {', '.join(times)}"
    return [head, *_values(seen), *_losses(seen)]


def _values(seen: Seen) -> Iterator[str]:
    """The best beside the bar, and how it came to be."""
    if seen.best is None:
        yield f"{seen.plan.objective.metric}: no trial has completed"
        return
    best = f"best {seen.plan.objective.metric} {shown_value(seen.best)}"
    yield best + _against(seen)
    yield f"{sparkline(seen)} best so far"


def _against(seen: Seen) -> str:
    if seen.default is None or seen.gain is None:
        return ""
    default = f"the default ({shown_value(seen.default)})"
    if seen.gain <= 0:
        return f", {default} is not beaten yet"
    return f", {gained(seen.gain, seen.default)} better than {default}"


def _losses(seen: Seen) -> Iterator[str]:
    """What failed and was pruned, where anything was."""
    counts = [f"{n} {word}" for n, word in ((seen.failed, "failed"), (seen.pruned, "pruned")) if n]
    if counts:
        yield ", ".join(counts) + (f"; last: {seen.reason}" if seen.failed else "")


_SPARKS: Final = "▁▂▃▄▅▆▇█"
_SPARK_WIDTH: Final = 24


def sparkline(seen: Seen) -> str:
    """The best value after each share of the trials, from the first value to now."""
    ends = [seen.done * (column + 1) / _SPARK_WIDTH for column in range(_SPARK_WIDTH)]
    values, at = [], 0
    for end in ends:
        while at + 1 < len(seen.curve) and seen.curve[at + 1][0] <= end:
            at += 1
        values.append(seen.curve[at][1])
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    return "".join(_SPARKS[round((value - low) / span * (len(_SPARKS) - 1))] for value in values)


def duration(seconds: float) -> str:
    """A length of time in its two largest units: ``45 s``, ``12 min 30 s``, ``3 h 5 min``, ``2 d 4 h``."""
    whole = max(round(seconds), 0)
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


# The foot of a terminal


class Foot:
    """Lines at the foot of a terminal that stay where they are while whatever is written scrolls above them."""

    def __init__(self, stream: TextIO, size: Size) -> None:
        self._stream = stream
        self._size = size
        self._shape: os.terminal_size | None = None

    def draw(self, lines: Sequence[str]) -> None:
        """Show the lines, cut to the width, under a rule; in a terminal that has become too low, nothing."""
        shape = self._size()
        if shape.lines < _HEIGHT + _LEAST_ABOVE:
            self.close()
            return
        text = "" if shape == self._shape else self._closed() + _opened(shape)
        self._shape = shape
        top = shape.lines - _HEIGHT + 1
        rows = ["─" * shape.columns, *lines, *[""] * _HEIGHT][:_HEIGHT]
        drawn = "".join(f"\x1b[{top + i};1H\x1b[2K{cut(row, shape.columns)}" for i, row in enumerate(rows))
        self._write(f"{text}\x1b7{drawn}\x1b8")

    def close(self) -> None:
        """Give the lines back, empty."""
        self._write(self._closed())
        self._shape = None

    def _closed(self) -> str:
        """What lets the whole terminal scroll again, and clears what lies below the cursor."""
        return "" if self._shape is None else "\x1b7\x1b[r\x1b8\x1b[J"

    def _write(self, text: str) -> None:
        """Write at once: others write to the same terminal."""
        if text:
            self._stream.write(text)
            self._stream.flush()


def _opened(shape: os.terminal_size) -> str:
    """What makes room below the cursor, and lets only what lies above that scroll; the cursor stays where it is."""
    return "\n" * _HEIGHT + f"\x1b[{_HEIGHT}A\x1b7\x1b[1;{shape.lines - _HEIGHT}r\x1b8"


def cut(text: str, columns: int) -> str:
    """As much of the text as fits, letters of East Asia taking two columns."""
    if text.isascii():
        return text[:columns]
    width = 0
    for index, character in enumerate(text):
        width += 0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
        if width > columns:
            return text[:index]
    return text
