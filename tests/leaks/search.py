"""Looks for thousands of texts in everything that was written, at once: with `grep`, which is made for that."""

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.leaks.secrets import Secret

FOUND, NOTHING = 0, 1  # exit codes; anything else is an error
# Bytes are bytes, files with zeros are read as well; what was found is printed, after its file's name and a zero.
GREP = ("grep", "--fixed-strings", "--ignore-case", "--text", "--recursive", "--only-matching", "--with-filename", "-Z")


@dataclass(frozen=True)
class Found:
    secret: Secret
    way: str  # how it was written
    where: str

    def __str__(self) -> str:
        return f"{self.secret}, {self.way}, in {self.where}"


def find(secrets: Iterable[Secret], paths: Sequence[Path]) -> list[Found]:
    """Where each of ``secrets`` is, in whatever form, below ``paths``; once for each file. Case does not matter."""
    forms = {form.lower(): (secret, way) for secret in secrets for form, way in secret.forms().items()}
    return list({Found(*forms[form], where): None for where, form in _grep(forms, paths)})


def find_text(text: str, paths: Sequence[Path]) -> bool:
    return any(_grep([text.encode()], paths))


def _grep(forms: Iterable[bytes], paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    with tempfile.NamedTemporaryFile() as wanted:
        wanted.write(b"\n".join(forms))
        wanted.flush()
        done = subprocess.run(
            [*GREP, "--file", wanted.name, "--", *map(str, paths)],
            capture_output=True, env={**os.environ, "LC_ALL": "C"},
        )  # fmt: skip
    assert done.returncode in {FOUND, NOTHING}, done.stderr.decode()
    for line in done.stdout.splitlines():
        where, _zero, form = line.partition(b"\0")
        yield where.decode(), form.lower()
