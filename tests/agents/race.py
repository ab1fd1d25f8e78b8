"""Doing several things at the same moment, each in a thread with a connection of its own."""

import threading
from collections.abc import Callable

from django.db import connection

WAIT_SECONDS = 20


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each returned, or the error it raised, in the order of ``acts``. For tests with ``transaction=True``."""
    results: list[object] = [None] * len(acts)
    start = threading.Barrier(len(acts))

    def run(place: int, act: Callable[[], object]) -> None:
        try:
            start.wait(WAIT_SECONDS)
            results[place] = act()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(place, act)) for place, act in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
        assert not thread.is_alive()
    return results
