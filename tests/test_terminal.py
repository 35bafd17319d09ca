"""A plan as it is printed, and as Markdown."""

from __future__ import annotations

import small

from advisor import markdown, terminal
from advisor.terminal import Style

PAIR = {
    "parameters": ["rate", "share"],
    "kind": "trade-off",
    "advice": "note",
    "because": "They move together.",
    "sources": ["paper"],
}


def test_notes_on_searched_parameters_together_are_shown(toy):
    toy(interactions=[PAIR, PAIR | {"parameters": ["rate", "count"], "because": "Count it."}])
    made = small.plan()
    assert "\nInteractions\n  - rate, share: They move together.\n" in terminal.rendered(made)
    assert "\n## Interactions\n\n- rate, share: They move together.\n" in markdown.rendered(made)
    assert "Count it." not in terminal.rendered(made)
    toy(interactions=[PAIR | {"advice": "keep-open"}])
    assert "Interactions" not in terminal.rendered(small.plan())


def test_what_is_special_about_a_sampler_is_said(toy):
    toy()
    made = small.plan(budget={"trials": 90})
    [first, *_, last] = made.stages
    assert "\n  sampler  takes the worse half of the trials as equal\n" in terminal.rendered(made)
    assert "as equal; leaves one trial of 3 to tpe" in " ".join(terminal.rendered(made).split())
    assert "; it takes the worse half of the trials as equal; leaves one trial of 3 to tpe." in markdown.rendered(made)
    samplers = [first.sampler.having(winsorized=None), last.sampler.as_tpe(joint=True)]
    short = made.model_copy(update={"stages": (first.having(sampler=samplers[0]), last.having(sampler=samplers[1]))})
    assert terminal.rendered(short).count("\n  sampler  ") == 1
    assert "\n  sampler  proposes every parameter, whatever its condition\n" in terminal.rendered(short)


def test_a_start_with_nothing_to_tell_has_no_empty_brackets(toy):
    toy()
    made = small.plan(fixed={"rate": 0.1, "share": 0.5, "depth": -1, "kind": "plain"})
    assert "()" not in terminal.rendered(made)
    assert "()" not in markdown.rendered(made)


def test_wrapped_text_stands_in_below_its_beginning():
    text = "title\n  tier: " + "word " * 8 + "\n    - " + "item " * 9 + "\n    - https://example.org/" + "x" * 40
    assert terminal.wrapped(text, Style(width=40)).splitlines() == [
        "title",
        "  tier: word word word word word word",
        "      word word",
        "    - item item item item item item item",
        "      item item",
        "    - https://example.org/" + "x" * 40,
    ]
