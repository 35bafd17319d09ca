"""Puts the knowledge base into a wheel as JSON too, which a plan reads ten times as fast as YAML."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class KnowledgeAsJson(BuildHookInterface):  # type: ignore[type-arg]  # whatever is configured
    """Writes each file of the knowledge base anew, as ``advisor.library`` looks for it in an installed package."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the files to the wheel; an editable install reads the YAML that is being edited."""
        if version == "editable":
            return
        sys.path.insert(0, self.root)
        from advisor import library, yamlio  # noqa: PLC0415 - found by the line above

        self.folder = TemporaryDirectory()
        knowledge = Path(self.root, "knowledge")
        for path in [knowledge / library.SHARED_FILE, *library.family_files(knowledge).values()]:
            written = Path(self.folder.name, path.name).with_suffix(library.RELEASED)
            written.write_text(json.dumps(yamlio.read(path).value), "utf-8")
            build_data["force_include"][str(written)] = f"advisor/_knowledge/{written.name}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:  # noqa: ARG002 - Hatch's
        """Remove what only the wheel needed."""
        if version != "editable":
            self.folder.cleanup()
