"""Folders that another program copies to a cloud: no place for a journal, whose files it copies while they are written.

SQLite's write-ahead log and its file belong together; a synchroniser copies one without the other, locks them, or
brings back an older one. https://www.sqlite.org/howtocorrupt.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAMES: Final = {
    "OneDrive": r"onedrive(?: ?-.*)?",
    "Dropbox": r"dropbox(?: \(.*\))?",
    "Google Drive": r"google ?drive|googledrive-.*|my drive",
    "iCloud": r"icloud ?drive|mobile documents|com~apple~clouddocs",
    "Box": r"box(?: sync)?|box-box",
    "Nextcloud": r"nextcloud|owncloud",
    "pCloud": r"pcloud ?drive",
    "a cloud of macOS": r"cloudstorage",
}
"""What the folders of these programs are called, in lower case, wherever they stand in a path."""
MARKS: Final = {".dropbox": "Dropbox", ".dropbox.cache": "Dropbox", ".stfolder": "Syncthing", ".stignore": "Syncthing"}
VARIABLES: Final = ("OneDrive", "OneDriveCommercial", "OneDriveConsumer")


def synced_by(path: Path, environment: Mapping[str, str] | None = None) -> str | None:
    """The program that copies the folder of this file to a cloud, by name or marks; None where none is known."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - a link may lead out of the folder, and back into it
    for folder in (*whole.parents, *_resolved(whole).parents):
        for program, name in NAMES.items():
            if re.fullmatch(name, folder.name.lower()):
                return program
        for mark, program in MARKS.items():
            if os.path.lexists(folder / mark):
                return program
    given = os.environ if environment is None else environment
    homes = [Path(given[name]) for name in VARIABLES if given.get(name)]
    return "OneDrive" if any(home in whole.parents for home in homes) else None


def refuse_synced(path: Path | str) -> None:
    """`ValueError` where a synchroniser would copy the journal while it is written; a server's address is none."""
    program = synced_by(path) if isinstance(path, Path) else None
    if program is not None:
        raise ValueError(
            f"{path}: lies in a folder that {program} copies while the journal is written, which can destroy it; "
            "name another place (journal: in system_config.yaml, or --journal), and copy exports there instead"
        )


def _resolved(path: Path) -> Path:
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path
