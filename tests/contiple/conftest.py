"""What starts an embedded PostgreSQL needs a folder whose parents its user may enter."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.services import temporary_folder


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Outside of pytest's own folder, which every run of pytest on the machine closes to others again."""
    folder = temporary_folder()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
