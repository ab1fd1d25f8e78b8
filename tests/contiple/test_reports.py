"""What is reported to Sentry holds no text of anybody, and without the variable nothing is imported."""

import gzip
import http.server
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from django.conf import settings

SECRET = "my card is 4111 1111 1111 1111"
# A request that fails with a secret in its body, address, query, headers, cookies, variables and errors.
FAIL = """
import os, django; django.setup()
from django.test import Client
from django.db import connection
from contiple.base import log_ids
import logging, sys
secret = os.environ["SAID"]
def fail(request, *args, **options):
    local = secret
    log_ids.about(service=7)
    try:
        raise ValueError(local)
    except ValueError as error:
        raise KeyError(f"{local} again") from error
from django.urls import path
from contiple import urls as ours
ours.urlpatterns.insert(0, path("fails/<str:secret>/", fail))
log_ids.begin("a-request-of-this-test")
said = {"X-Said": secret, "User-Agent": secret}
client = Client(SERVER_NAME="localhost", raise_request_exception=False, headers=said)
client.cookies["said"] = "4111111111111111"
answer = client.post("/fails/4111-1111-1111-1111/?q=4111111111111111", {"body": secret})
assert answer.status_code == 500
logging.getLogger("chat").error("a line with %s", ValueError(secret))
import sentry_sdk
sentry_sdk.flush(10)
"""


class Sink(http.server.BaseHTTPRequestHandler):
    got: list[bytes] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def sink() -> Iterator[http.server.ThreadingHTTPServer]:
    Sink.got = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def run(code: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "contiple.settings", "SAID": SECRET, **variables}
    return subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True
    )


def test_a_failing_request_is_reported_without_anything_that_it_held(sink):
    done = run(FAIL, SENTRY_DSN=f"http://key@127.0.0.1:{sink.server_address[1]}/1")
    assert done.returncode == 0, done.stderr
    said = b"\n".join(Sink.got).decode()
    assert "KeyError" in said
    events = [json.loads(line) for line in said.splitlines() if '"exception"' in line]
    assert {event["tags"]["service"] for event in events} == {"7"}
    assert {event["tags"]["request"] for event in events} == {"a-request-of-this-test"}
    errors = [value["type"] for event in events for value in event["exception"]["values"]]
    assert errors[:2] == ["ValueError", "KeyError"]
    for part in ("4111", "card", "again", os.uname().nodename, '"vars"', "cookie", "User-Agent", "X-Said"):
        assert part not in said, part


def test_without_the_variable_nothing_is_imported():
    done = run("import django, sys; django.setup(); print('sentry_sdk' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_without_the_package_it_says_so_in_one_line():
    done = run(
        "import sys; sys.modules['sentry_sdk'] = None; import django; django.setup()", SENTRY_DSN="http://k@localhost/1"
    )
    assert done.stderr.strip().endswith("SENTRY_DSN needs the package sentry-sdk, which is not installed.")
