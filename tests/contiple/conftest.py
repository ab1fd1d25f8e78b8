"""What starts an embedded PostgreSQL needs a folder whose parents its user may enter."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Outside of pytest's own folder, which every run of pytest on the machine closes to others again."""
    folder = Path(tempfile.mkdtemp(prefix="contiple-test-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
