"""clamd looks at every file first: what it finds something in is refused, and so is everything while it is away."""

import contextlib
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.core.files.storage import storages
from django.test import Client

from chat.files import scanning
from chat.models import ChatFile, Message
from contiple import doctor
from helpcenter.customers import register_customer
from tests.chat.files import PDF, picture, send_as_customer
from tests.make import make_chat
from tests.services import free_port, wait_for_port

pytestmark = pytest.mark.django_db(transaction=True)
MARK = b"THIS IS WHAT OUR SIGNATURE FINDS"
START_SECONDS = 60


@pytest.fixture(scope="module")
def clamd(tmp_path_factory):
    """A real one, with one signature of our own."""
    program = shutil.which("clamd")
    if program is None:
        pytest.skip("clamd is not installed")
    folder, port = tmp_path_factory.mktemp("clamd"), free_port()
    (folder / "own.ndb").write_text(f"Test.Own:0:*:{MARK.hex()}\n")
    settings = f"Foreground yes\nTCPSocket {port}\nTCPAddr 127.0.0.1\nDatabaseDirectory {folder}\nUser root\n"
    (folder / "clamd.conf").write_text(f"{settings}LocalSocket {folder}/socket\nTemporaryDirectory {folder}\n")
    process = subprocess.Popen([program, "--config-file", str(folder / "clamd.conf")], stdout=subprocess.DEVNULL)
    try:
        wait_for_port(port, process, START_SECONDS)
        yield folder, port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(params=["tcp", "unix"])
def scanned(request, clamd, settings) -> None:
    folder, port = clamd
    url = f"tcp://127.0.0.1:{port}" if request.param == "tcp" else f"unix://{folder}/socket"
    settings.CLAMD_URL = urlsplit(url)


@pytest.fixture
def send(service, agent):
    customer, token = register_customer(service, name="Jun", email="", language="en")
    chat = make_chat(service, customer=customer, agent=agent)
    return lambda data, name="a.pdf": send_as_customer(Client(), chat, token, data, name)


def assert_nothing_is_left() -> None:
    assert not Message.objects.exists()
    assert not ChatFile.objects.exists()
    storage = storages["files"]
    folders = storage.listdir("")[0] if storage.exists("") else []
    assert [name for folder in folders for name in storage.listdir(folder)[1]] == []


def test_a_file_in_which_something_is_found_is_refused(scanned, send):
    for data, name in ((PDF + MARK, "a.pdf"), (picture() + MARK, "a.png")):
        refused = send(data, name)
        assert (refused.status_code, refused.json()["code"]) == (422, "infected")
    assert_nothing_is_left()


def test_a_clean_file_is_sent(scanned, send):
    assert send(PDF + bytes(3 * 1024 * 1024)).status_code == 201
    assert [found.state for found in doctor.findings([doctor.virus_scanner])] == [doctor.OK]


def test_without_clamd_nothing_is_let_through(settings, send):
    settings.CLAMD_URL = urlsplit(f"tcp://127.0.0.1:{free_port()}")
    refused = send(PDF)
    assert (refused.status_code, refused.json()["code"]) == (503, "busy")
    assert_nothing_is_left()
    assert [found.state for found in doctor.findings([doctor.virus_scanner])] == [doctor.BROKEN]


@pytest.mark.parametrize(
    "answer",
    [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: Can't open file ERROR\0", b"HTTP/1.1 200 OK\r\n\0"],
)
def test_an_answer_that_is_no_all_clear_lets_nothing_through(answer, settings, send):
    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            assert self.rfile.read(10) == b"zINSTREAM\0"
            while size := int.from_bytes(self.rfile.read(4), "big"):
                self.rfile.read(size)
            self.wfile.write(answer)

    with serving(Answers) as port:
        settings.CLAMD_URL = urlsplit(f"tcp://127.0.0.1:{port}")
        assert send(PDF).json()["code"] == "busy"
    assert_nothing_is_left()


def test_a_clamd_that_hangs_is_not_waited_for_for_ever(settings, send, monkeypatch):
    monkeypatch.setattr(scanning, "SCAN_S", 0.3)
    over = threading.Event()

    class Hangs(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            over.wait(30)

    with serving(Hangs) as port:
        settings.CLAMD_URL = urlsplit(f"tcp://127.0.0.1:{port}")
        assert send(PDF).json()["code"] == "busy"
        over.set()
    assert_nothing_is_left()


@contextlib.contextmanager
def serving(handler: type[socketserver.BaseRequestHandler]) -> Iterator[int]:
    """A server on a port of its own."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
