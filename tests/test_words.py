"""Words that go with numbers."""

from __future__ import annotations

from advisor.words import counted


def test_a_number_agrees_with_its_noun():
    assert counted(1, "trial") == "1 trial"
    assert counted(0, "trial") == "0 trials"
    assert counted(1200, "trial") == "1,200 trials"
    assert [counted(n, "family", "families") for n in (1, 2)] == ["1 family", "2 families"]
