"""The worker's thread for files: it removes those that are kept no longer, and deletes bytes that are nobody's.

Beside the worker's ticks, since a storage that does not answer may take long to say so.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from functools import partial

from django.db import connections

from chat.files import canned_files, removing, upkeep
from contiple.base.threads import beside

EVERY_S = 600
STOP_S = 5  # for the file under way

log = logging.getLogger(__name__)


@contextlib.contextmanager
def clearing() -> Iterator[None]:
    """Runs the thread until the block is left."""
    stop = threading.Event()
    with beside(partial(_run, stop), stop, name="files", wait_s=STOP_S):
        yield


def clear_once() -> None:
    """Does what is due now. An error is logged, and the other step is done."""
    for step in (removing.remove_expired, upkeep.clear_away, canned_files.clear_away):
        try:
            step()
        except Exception as error:  # noqa: BLE001 (an error's text may hold a row)
            log.warning("%s of files failed: %s", step.__name__, type(error).__name__)
        finally:
            connections.close_all()


def _run(stop: threading.Event) -> None:
    clear_once()
    while not stop.wait(EVERY_S):
        clear_once()
