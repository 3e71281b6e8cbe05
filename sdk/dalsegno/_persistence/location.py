"""Where local data lives: one folder per app, profile, project and user. Any thread.

Invariant: two different users, projects, profiles or apps never share a folder, on file systems that ignore
case neither; and no name, however odd, leads outside of the home.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from dalsegno._core.types import ProjectId, UserId
from dalsegno._errors import UsageError
from dalsegno._private_files import tighten, tighten_all

HOME_VARIABLE = "DALSEGNO_HOME"
NAME_LIMIT = 40

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._-]{{0,{NAME_LIMIT - 1}}}")
_PLAIN = re.compile(rf"[a-z0-9][a-z0-9_-]{{0,{NAME_LIMIT - 1}}}")
_WINDOWS_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}


def folder(app: str, profile: str, project: ProjectId, user: UserId, home: Path | None = None) -> Path:
    """`<home>/<app>/<profile>/<project>/<user>`; it need not exist yet.

    app, profile   chosen by the developer or on a command line: a UsageError says what a good name is
    project, user  any text
    home           else the environment's DALSEGNO_HOME, else the system's folder for a user's data
    """
    return project_folder(app, profile, project, home) / _safe(user, "user")


def project_folder(app: str, profile: str, project: ProjectId, home: Path | None = None) -> Path:
    """`<home>/<app>/<profile>/<project>`: what is not one user's alone, such as who is signed in."""
    return (
        (home or default_home())
        / _checked("app", app)
        / _checked("profile", profile)
        / _safe(project, "project")
    )


def keep_private(where: Path, home: Path | None = None) -> None:
    """Takes what is there already from other users of this machine: once an app's own `mkdir` made it.

    where   as `folder` or `project_folder` gives it; the folders above it too, and all that is in it
    home    as there; a home that somebody chose is theirs to open or close
    """
    own = home or default_home()
    for above in (parent for parent in where.parents if own in parent.parents):
        tighten(above)
    if home is None and not os.environ.get(HOME_VARIABLE):
        tighten(own)
    tighten_all(where)


def default_home() -> Path:
    """DALSEGNO_HOME, else what the system has for such data (`~/.local/share/dalsegno` on Linux)."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser()
    from platformdirs import user_data_path  # 20 ms that a program with its own home need not spend

    return user_data_path("dalsegno", appauthor=False, roaming=False)


def _checked(what: str, name: str) -> str:
    """A name that a person chose, as a folder; case does not count, since some file systems ignore it."""
    lower = name.lower() if isinstance(name, str) else ""
    if not _NAME.fullmatch(lower) or lower.endswith(".") or lower.split(".")[0] in _WINDOWS_DEVICES:
        raise UsageError(
            f"{name!r} is no good {what} name: use 1 to {NAME_LIMIT} letters a-z, digits, '-', '_' and '.', "
            "with a letter or digit first and no '.' last (and no name that Windows reserves, as 'con')."
        )
    return lower


def _safe(text: str, what: str) -> str:
    """Any text as a folder name: itself if it is plain, else what is plain in it and a hash.

    `~` stands in every hashed name and in no plain one, so that no text can take another's place.
    """
    if not isinstance(text, str) or not text:
        raise UsageError(f"The {what} must be text that is not empty, not {text!r}.")
    if _PLAIN.fullmatch(text) and text not in _WINDOWS_DEVICES:
        return text
    readable = re.sub(r"[^a-z0-9_-]+", "-", text.lower())[:16].strip("-")
    import hashlib  # 3 ms that a plain name need not spend

    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
    return f"{readable}~{digest}"
