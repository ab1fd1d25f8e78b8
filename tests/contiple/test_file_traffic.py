"""Files come and go in pieces: bounded in memory, in number, and in how long a slow client may take."""

import asyncio
import contextlib
import json
import os
import re
import socket
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from http.client import HTTPConnection
from pathlib import Path
from unittest.mock import Mock

import psutil
import pytest
from django.db.models.functions import Now

from chat.models import ChatFile, ChatSettings, Lease
from contiple import bounds, doorway, streams
from helpcenter.customers import register_customer
from tests.chat.files import PDF
from tests.contiple.test_doorway import answer_of, line_to, memory
from tests.make import make_chat
from tests.server import Server

MEGABYTE = 1024 * 1024


@pytest.fixture
def process(transactional_db, server: Server) -> Server:
    return server


@pytest.fixture
def known(process, service):
    ChatSettings.objects.update(file_size_mb=25)
    return register_customer(service, name="Jun", email="", language="en")


@pytest.fixture
def token(known) -> str:
    return known[1]


@pytest.fixture
def chat(service, known, agent):
    Lease.objects.create(agent=agent, expires_at=Now() + timedelta(minutes=10))  # or the worker passes the chat on
    return make_chat(service, customer=known[0], agent=agent)


def forget_peak(server: Server) -> None:
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5")


def peak(server: Server) -> int:
    """The most memory that the process has had since."""
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", status)[1]) * 1024


def line(server: Server) -> HTTPConnection:
    return HTTPConnection("127.0.0.1", int(server.origin.rpartition(":")[2]), timeout=60)


def upload(server: Server, token: str, data, name="a.pdf", **headers):
    connection = line(server)
    sent = {"X-Chat-Token": token, "X-Client-Id": str(uuid.uuid4()), "X-File-Name": name, "Host": "localhost"}
    connection.request("POST", "/hc/demo/chat/files/", data, sent | headers)
    answer = connection.getresponse()
    return answer.status, json.loads(answer.read())


def read(server: Server, token: str, file: int):
    connection = line(server)
    form = {"X-Chat-Token": token, "Host": "localhost"}
    connection.request("POST", f"/hc/demo/chat/files/{file}/", b"", form)
    return connection.getresponse()


def test_a_file_goes_through_a_real_server_and_comes_back(process, chat, token):
    data = PDF + os.urandom(9 * MEGABYTE)
    status, answer = upload(process, token, data)
    assert (status, answer) == (201, {"seq": 1, "rev": 1})
    response = read(process, token, ChatFile.objects.get().pk)
    assert (response.status, response.headers["Content-Length"]) == (200, str(len(data)))
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert response.read() == data


def test_many_files_at_once_take_no_memory(process, chat, token):
    before = memory(process)
    forget_peak(process)
    with ThreadPoolExecutor(8) as senders:
        answers = list(senders.map(lambda _: upload(process, token, PDF + bytes(15 * MEGABYTE))[0], range(8)))
    assert answers == [201] * 8
    assert peak(process) - before < 60 * MEGABYTE


def test_a_file_of_unknown_length_is_taken_in_pieces(process, chat, token):
    status, answer = upload(process, token, iter([PDF, b"x" * 100_000, b"y" * 100_000]))
    assert (status, answer["seq"]) == (201, 1)
    assert ChatFile.objects.get().size == len(PDF) + 200_000


def test_a_larger_file_is_refused_before_it_is_read(process, chat, token):
    with line_to(process) as connection:
        connection.sendall(
            b"POST /hc/demo/chat/files/ HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Length: %d\r\n\r\n" % (bounds.FILE_BYTES + 1)
        )
        assert answer_of(connection).startswith("HTTP/1.1 413 ")


HEAD = b"POST /hc/demo/chat/files/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: %s\r\nContent-Length: 1000\r\n\r\n"


@contextlib.contextmanager
def arriving(server: Server, count: int, address: bytes = b"203.0.113.9") -> Iterator[None]:
    """So many uploads from there have begun, and none of them goes on."""
    with contextlib.ExitStack() as lines:
        for _ in range(count):
            lines.enter_context(line_to(server)).sendall(HEAD % address)
        yield


def is_let_in(server: Server, address: bytes = b"203.0.113.9") -> bool:
    with line_to(server) as connection:
        connection.sendall(HEAD % address + bytes(1000))
        answer = answer_to(connection)
    assert "Retry-After" in answer or " 503 " not in answer
    return " 503 " not in answer


def answer_to(connection: socket.socket) -> str:
    return connection.recv(65536).decode("latin1")


def test_so_many_files_arrive_at_once_and_pages_are_served_beside_them(process, chat, token):
    with arriving(process, bounds.FILES_ARRIVING):
        until(lambda: not is_let_in(process))
        assert upload_page_is_served(process)
    until(lambda: upload_status(process, token) == 201)


def test_one_address_takes_no_other_one_s_place(start_server, chat, token):
    proxied = start_server(TRUSTED_PROXIES="127.0.0.1")
    with arriving(proxied, bounds.FILES_BY_ADDRESS):
        until(lambda: not is_let_in(proxied))
        assert is_let_in(proxied, b"203.0.113.10")
    until(lambda: is_let_in(proxied))


def until(holds: Callable[[], bool]) -> None:
    """The server sees what happens on other lines a moment later."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline


def upload_page_is_served(server: Server) -> bool:
    connection = line(server)
    connection.request("GET", "/hc/demo/", headers={"Host": "localhost"})
    return connection.getresponse().status == 200


def upload_status(server: Server, token: str) -> int:
    connection = line(server)
    sent = {"X-Chat-Token": token, "X-Client-Id": str(uuid.uuid4()), "X-File-Name": "a.pdf", "Host": "localhost"}
    connection.request("POST", "/hc/demo/chat/files/", PDF, sent)
    return connection.getresponse().status


def test_readers_who_do_not_read_take_neither_memory_nor_pages(process, chat, token):
    upload(process, token, PDF + os.urandom(20 * MEGABYTE))
    file = ChatFile.objects.get().pk
    before = memory(process)
    lines = []
    ask = f"POST /hc/demo/chat/files/{file}/ HTTP/1.1\r\nHost: localhost\r\nX-Chat-Token: {token}\r\n\r\n"
    try:
        for _ in range(12):  # more than there are pages at once
            started = socket.create_connection(("127.0.0.1", int(process.origin.rpartition(":")[2])), timeout=20)
            started.sendall(ask.encode())
            assert started.recv(12) == b"HTTP/1.1 200"
            lines.append(started)
        assert upload_page_is_served(process)
        assert memory(process) - before < 40 * MEGABYTE
        assert open_connections_of(process) < 12
    finally:
        for started in lines:
            started.close()


def open_connections_of(server: Server) -> int:
    """Transactions or sessions that are held: the pool keeps idle ones, which are not counted."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'")
        return cursor.fetchone()[0]


def test_a_slow_reader_gets_the_whole_file(process, chat, token):
    data = PDF + os.urandom(3 * MEGABYTE)
    upload(process, token, data)
    response = read(process, token, ChatFile.objects.get().pk)
    got = b""
    while piece := response.read(20_000):
        got += piece
    assert got == data
    assert psutil.pid_exists(process.process.pid)


async def test_an_answer_that_is_still_being_made_has_its_minute_anew():
    """A workbook may be written for longer than a minute before its first byte. That is not the client's slowness."""
    request = doorway.Request(Mock(pace=streams.Pace()))
    request.request_start = time.time() - 59
    await request.keep_pace(has_sent=False)
    assert request.duration() < 1


async def test_only_the_wait_for_the_client_counts_against_it():
    """A sparse file of a long list may come to a few bytes in a minute."""
    request = doorway.Request(Mock(pace=streams.Pace()))
    request.sentLength = 100
    request.request_start = time.time() - 59
    await request.keep_pace()
    assert request.duration() < 1
    request.channel.transport.abortConnection.assert_not_called()

    request.waited_s = bounds.body_seconds(100) + 1
    await request.keep_pace()
    request.channel.transport.abortConnection.assert_called_once()


async def test_the_wait_for_the_client_is_counted():
    request = doorway.Request(Mock(pace=streams.Pace()))
    request.channel.pace.hold()
    keeping = asyncio.create_task(request.keep_pace())
    await asyncio.sleep(0.05)
    assert not keeping.done()
    request.channel.pace.go()
    await keeping
    assert request.waited_s > 0.04
