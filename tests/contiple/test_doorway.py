"""What is too large, too long or too slow is refused before anything is parsed."""

import contextlib
import socket
import urllib.request
from collections.abc import Iterator

import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from contiple import bounds
from contiple.doorway import Crowd
from tests.server import Server

GIGABYTE = 1024**3
HEAD = "POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Language: {language}\r\n{more}\r\n"
MULTIPART = "Content-Type: multipart/form-data; boundary=x\r\n"


@pytest.fixture
def process(transactional_db, server: Server) -> Server:
    return server


@contextlib.contextmanager
def line_to(server: Server) -> Iterator[socket.socket]:
    port = int(server.origin.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
        yield line


def send_until_refused(line: socket.socket, chunk: bytes, limit: int) -> int:
    """Sends at most ``limit`` bytes. Returns how many the server took."""
    sent, line_timeout = 0, line.gettimeout()
    line.settimeout(1)
    with contextlib.suppress(OSError):
        while sent < limit:
            sent += line.send(chunk)
    line.settimeout(line_timeout)
    return sent


def answer_of(line: socket.socket) -> str:
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while data := line.recv(65536):
            said += data
    return said.decode()


def ask(server: Server, path="/hc/demo/contact/", more="", body=b"", language="en") -> str:
    with line_to(server) as line:
        line.sendall(HEAD.format(path=path, more=more, language=language).encode() + body)
        return answer_of(line)


def memory(server: Server) -> int:
    return psutil.Process(server.process.pid).memory_info().rss


def test_an_upload_is_refused_when_it_is_announced(process):
    before = memory(process)
    with line_to(process) as line:
        more = f"{MULTIPART}Content-Length: {GIGABYTE}\r\n"
        line.sendall(HEAD.format(path="/hc/demo/contact/", more=more, language="ko").encode())
        taken = send_until_refused(line, b"x" * 65536, GIGABYTE)
        said = answer_of(line)

    assert said.startswith("HTTP/1.1 413 ")
    assert "내용이 너무 커서" in said
    assert "Connection: close" in said
    assert taken < 32 * 1024**2  # what the buffers of the two sides hold
    assert memory(process) - before < 20 * 1024**2


def test_an_upload_of_unknown_length_is_refused_when_it_has_become_too_large(process):
    with line_to(process) as line:
        more = f"{MULTIPART}Transfer-Encoding: chunked\r\n"
        line.sendall(HEAD.format(path="/hc/demo/contact/", more=more, language="en").encode())
        taken = send_until_refused(line, b"10000\r\n" + b"x" * 65536 + b"\r\n", GIGABYTE)

        assert answer_of(line).startswith("HTTP/1.1 413 ")
    assert taken < 32 * 1024**2


def test_forms_are_parsed_by_django_alone(process):
    """Twisted would parse them first, and refuse a broken one with a line that says nothing."""
    more = "Content-Type: multipart/form-data\r\nConnection: close\r\nContent-Length: 6\r\n"  # without a boundary
    said = ask(process, more=more, body=b"broken")

    assert "text/html" in said.partition("\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hc/demo/contact/", 413),
        ("/desk/demo/help-center/articles/new/", 403),
        ("/sign-in/?next=/desk/demo/help-center/", 413),
    ],
)
def test_the_limit_is_by_kind_of_address(process, path, status):
    size = bounds.FORM_BYTES + 1
    more = f"Content-Type: application/x-www-form-urlencoded\r\nConnection: close\r\nContent-Length: {size}\r\n"

    assert ask(process, path, more, b"a=" + b"x" * (size - 2)).startswith(f"HTTP/1.1 {status} ")


@pytest.mark.parametrize(
    ("path", "more", "status"),
    [
        (f"/{'a' * bounds.LINE_BYTES}", "", 414),
        ("/", f"Cookie: {'a' * bounds.LINE_BYTES}\r\n", 431),
        ("/", f"Cookie: {'a' * (bounds.LINE_BYTES - 100)}\r\n" * 5, 431),
        ("/", "A: b\r\n" * (bounds.HEADERS + 1), 431),
    ],
)
def test_lines_and_headers_have_bounds(process, path, more, status):
    assert ask(process, path, more).startswith(f"HTTP/1.1 {status} ")


def test_after_a_refusal_nothing_more_is_served_on_the_connection(process):
    second = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"

    said = ask(process, more=f"Content-Length: {GIGABYTE}\r\n", body=second)

    assert said.count("HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    "more",
    [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "Content-Length: 4\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "Content-Length: +4\r\n",
        "Transfer-Encoding: xchunked\r\n",
    ],
)  # fmt: skip
def test_a_request_with_two_lengths_is_one_request_or_refused(process, more):
    """Nothing that follows is taken for a request of its own, as it might be by a proxy (request smuggling)."""
    smuggled = b"0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

    said = ask(process, more=more, body=smuggled)

    assert said.startswith("HTTP/1.1 400 ")
    assert said.count("HTTP/1.1 ") == 1


def test_requests_follow_each_other_on_one_connection(process):
    request = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n"

    with line_to(process) as line:
        line.sendall(request + b"\r\n" + request + b"Connection: close\r\n\r\n")

        assert answer_of(line).count("HTTP/1.1 200 ") == 2


@pytest.mark.django_db
def test_files_in_a_small_form_are_refused(client, service):
    file = SimpleUploadedFile("f.txt", b"abc")

    assert client.post("/sign-in/", {"email": "mina@example.com", "password": file}).status_code == 400


@pytest.mark.slow
@pytest.mark.parametrize("begin", [b"GET / HTTP/1.1\r\nA: ", b"POST / HTTP/1.1\r\nContent-Length: 99\r\n\r\n"])
def test_slow_drips_end(process, begin):
    """A byte now and then gives no more time."""
    with line_to(process) as line:
        line.sendall(begin)
        line.settimeout(1)
        said = b""
        for _ in range(60):
            with contextlib.suppress(TimeoutError):
                said = line.recv(4096)
                break
            with contextlib.suppress(OSError):
                line.send(b"x")

    assert said.startswith(b"HTTP/1.1 408 ")


def test_while_uploads_are_refused_pages_are_served(process):
    with contextlib.ExitStack() as stack:
        lines = [stack.enter_context(line_to(process)) for _ in range(50)]
        for line in lines:
            line.sendall(
                HEAD.format(path="/", more=f"{MULTIPART}Content-Length: {GIGABYTE}\r\n", language="en").encode()
            )
            send_until_refused(line, b"x" * 65536, 1024**2)
        with urllib.request.urlopen(f"{process.origin}/sign-in/", timeout=20) as page:
            assert page.status == 200
        assert all(answer_of(line).startswith("HTTP/1.1 413 ") for line in lines)


def test_a_network_has_only_so_many_connections():
    crowd = Crowd(2)

    assert [crowd.enter("a"), crowd.enter("a"), crowd.enter("a"), crowd.enter("b")] == [True, True, False, True]
    assert all(crowd.enter("") for _ in range(9))
    crowd.leave("a")
    assert crowd.enter("a")
