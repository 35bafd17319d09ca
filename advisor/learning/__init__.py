"""Learning knowledge from past trials over several tasks: ranges, starts, held values, and what tuning is worth."""

from __future__ import annotations

from advisor.learning._files import Lessons, from_files, lessons, read_facts, save
from advisor.learning._learning import learn
from advisor.learning._learnt import Judged, Learnt, LearntParameter, LearntStart
from advisor.learning._overlay import overlay
from advisor.learning._report import report
from advisor.learning._tasks import NothingLearnt

__all__ = [
    "Judged",
    "Learnt",
    "LearntParameter",
    "LearntStart",
    "Lessons",
    "NothingLearnt",
    "from_files",
    "learn",
    "lessons",
    "overlay",
    "read_facts",
    "report",
    "save",
]
