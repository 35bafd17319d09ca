"""What tests share: a small knowledge base in place of the shipped one."""

from __future__ import annotations

import pytest
import small

from advisor import library


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """Lay the small family, with changes, where the shipped knowledge base would lie."""
    folder = tmp_path / "shipped"
    monkeypatch.setattr(library, "shipped_folder", lambda: folder)

    def lay(shared=None, **changes):
        return small.write(folder, _shared={**small.SHARED, **(shared or {})}, toy=small.family(**changes))

    lay()
    return lay
