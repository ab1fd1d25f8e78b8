"""Uploads and sign-ins in a flood: messages go on, memory stays, other pages are served."""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable

import psutil
import pytest
from django.conf import settings

from tests.faults.people import wait_until
from tests.faults.talk import Pair, conversations

MEGABYTE = 1024 * 1024
PAUSE_S = 0.5


def talk(pairs: list[Pair], go_on: Callable[[int], bool]) -> list[float]:
    """Every customer writes, again and again. Returns how long each message took to be acknowledged."""
    sent, turn = {}, 0
    while go_on(turn):
        for customer, _agent in pairs:
            began = time.monotonic()
            sent[customer.say(customer.chat, f"Line {turn}")] = began
            time.sleep(PAUSE_S / len(pairs))
        turn += 1
    wait_until(lambda: not any(customer.outbox for customer, _agent in pairs), 30)
    came: dict[str, float] = {}
    for customer, _agent in pairs:
        for at, frame in list(customer.frames):
            if frame.get("client_id") in sent:
                came.setdefault(frame["client_id"], at)
    return sorted(came[client_id] - began for client_id, began in sent.items())


def p99(seconds: list[float]) -> float:
    return seconds[int(len(seconds) * 0.99)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("chats", "uploads", "sign_ins"), [(8, 10, 40), pytest.param(200, 50, 500, marks=pytest.mark.soak)]
)
def test_a_flood_of_uploads_and_sign_ins_disturbs_nobody(cluster, desk, crowd, chats, uploads, sign_ins):
    web = cluster["web1"]
    pairs = conversations(desk, chats, customers_at="web1", agents_at="web1")
    quiet = talk(pairs, lambda turn: turn < 10)
    before = psutil.Process(web.pid).memory_info().rss
    command = [sys.executable, "-m", "tests.faults.flood", *map(str, (web.port, uploads, sign_ins))]
    flood = subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True)
    most = pages = 0

    def still_floods(turn: int) -> bool:
        nonlocal most, pages
        most = max(most, psutil.Process(web.pid).memory_info().rss)
        with urllib.request.urlopen(f"http://127.0.0.1:{web.port}/sign-in/", timeout=20) as page:
            pages += page.status == 200
        return flood.poll() is None

    loud = talk(pairs, still_floods)
    answers = json.loads(flood.communicate()[0])
    print(
        f"{chats} chats: p99 {p99(quiet) * 1000:.1f} ms quiet, {p99(loud) * 1000:.1f} ms in the flood; "
        f"memory +{(most - before) / MEGABYTE:.0f} MB; {pages} pages; {answers}"
    )
    assert answers["uploads"] == {"413": uploads}
    assert set(answers["sign_ins"]) <= {"200", "429", "503"}
    assert most - before < 100 * MEGABYTE
