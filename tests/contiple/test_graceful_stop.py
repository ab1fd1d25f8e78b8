"""A web process that is told to end sends its sockets elsewhere, finishes what is under way, and is gone in time."""

import contextlib
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from contiple.server import COME_BACK, DRAIN_SECONDS
from tests.contiple.test_serve_command import close_code, handshake
from tests.make import make_service
from tests.server import Server

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE_SECONDS = 3
MANY = 400  # more than Twisted accepts at a time, less than the queue is long


def opened(server: Server) -> socket.socket:
    return socket.create_connection((urlsplit(server.origin).hostname, urlsplit(server.origin).port), timeout=15)


@contextlib.contextmanager
def locked_help_centers() -> Iterator[None]:
    """Until it is left, no page of a help center gets its answer."""
    its = connection.get_connection_params()
    with psycopg.connect(**its) as locking:
        locking.execute("LOCK TABLE helpcenter_helpcenter IN ACCESS EXCLUSIVE MODE")
        yield


@contextlib.contextmanager
def page_under_way(server: Server) -> Iterator[Callable[[], int]]:
    """A page that waits for a lock; what is yielded lets go of the lock and returns the page's status."""
    make_service("slow")
    statuses: list[int] = []

    def read() -> None:
        with contextlib.suppress(OSError):
            statuses.append(urllib.request.urlopen(f"{server.origin}/hc/slow/", timeout=30).status)

    reader = threading.Thread(target=read)
    with contextlib.ExitStack() as lock:
        lock.enter_context(locked_help_centers())
        reader.start()
        wait_until(somebody_waits_for_a_lock)

        def finish() -> int:
            lock.close()
            reader.join()
            return statuses[0] if statuses else 0

        yield finish
    reader.join()


def somebody_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")
        return cursor.fetchone() is not None


def wait_until(true: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def refuses(server: Server) -> bool:
    try:
        opened(server).close()
    except ConnectionRefusedError:
        return True
    return False


def test_open_sockets_are_told_to_come_back(start_server):
    server = start_server()
    sockets = [opened(server) for _ in range(3)]
    for one in sockets:
        one.sendall(handshake(server.origin))
        assert b" 101 " in one.recv(4096)
    server.process.send_signal(signal.SIGTERM)
    assert [close_code(one) for one in sockets] == [COME_BACK] * 3
    # None of them answers the close frame: they are not waited for longer than that takes.
    assert server.process.wait(AT_ONCE_SECONDS + 2) == 0
    assert "Traceback" not in server.log


def test_a_page_under_way_is_finished_and_nothing_new_is_accepted(start_server):
    server = start_server()
    with page_under_way(server) as finish:
        server.process.send_signal(signal.SIGTERM)
        wait_until(lambda: refuses(server))
        assert server.process.poll() is None
        assert finish() == 200
    assert server.process.wait(AT_ONCE_SECONDS) == 0


def test_who_waits_in_the_kernels_queue_is_served(start_server):
    """Accepted by the kernel, not yet by us: a proxy believes that it has a connection."""
    server = start_server()
    server.process.send_signal(signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        queued = [stack.enter_context(opened(server)) for _ in range(MANY)]
        for one in queued:
            one.sendall(b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGCONT)
        answers = [one.recv(4096) for one in queued]
    assert [answer.split(b"\r\n", 1)[0] for answer in answers] == [b"HTTP/1.1 200 OK"] * MANY
    assert server.process.wait(AT_ONCE_SECONDS) == 0


def test_idle_connections_do_not_hold_it_up(start_server):
    server = start_server()
    with opened(server) as kept:
        kept.sendall(f"GET /health/live HTTP/1.1\r\nHost: {urlsplit(server.origin).netloc}\r\n\r\n".encode())
        assert b"live" in kept.recv(4096)
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(AT_ONCE_SECONDS) == 0


def test_a_second_signal_ends_it_at_once(start_server):
    server = start_server()
    with page_under_way(server):
        server.process.send_signal(signal.SIGINT)
        wait_until(lambda: refuses(server))
        began = time.monotonic()
        server.process.send_signal(signal.SIGINT)
        server.process.wait(AT_ONCE_SECONDS)
        assert time.monotonic() - began < AT_ONCE_SECONDS < DRAIN_SECONDS
    assert "Traceback" not in server.log
