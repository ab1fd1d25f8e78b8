"""Every line of a request says which request it was, a failure says whose it was, and a burst is one line."""

import asyncio
import json
import logging
import threading
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from chat.lifecycle import upkeep
from chat.routing import jobs
from contiple import logs, request_log
from contiple.base import log_ids
from contiple.log_bursts import OneLineForABurst
from tests.contiple.asgi import ask
from tests.make import make_chat

PROXYS = "9b56f0b476d74bda9a7f5240694a82db"


@pytest.fixture(autouse=True)
def no_request_before() -> Iterator[None]:
    token = log_ids._ids.set(None)
    yield
    log_ids._ids.reset(token)


@pytest.fixture
def lines() -> Iterator[list[dict]]:
    """The lines of the root logger and Django's, as production writes them."""
    written: list[dict] = []

    class Written(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(json.loads(logs.JsonFormatter().format(record)))

    handler, loggers = Written(), [logging.getLogger(), logging.getLogger("django")]
    for logger in loggers:
        logger.addHandler(handler)
    yield written
    for logger in loggers:
        logger.removeHandler(handler)


async def test_each_answer_has_an_id_of_its_own_which_its_log_lines_have(lines):
    answers = [await ask("/nothing/", host="localhost") for _ in range(2)]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids[0] != ids[1]
    assert [line["request"] for line in lines if line["message"].startswith("Not Found")] == ids


@pytest.mark.parametrize(
    ("trusts", "given", "taken"),
    [
        (True, PROXYS, True),
        (True, "492916f9-5bae-46e3-8216-88027af274fa", True),
        (False, PROXYS, False),
        (True, "short", False),
        (True, "x" * 65, False),
        (True, 'a "quoted" word\u00e9 of somebody', False),
        (True, "", False),
    ],
)
async def test_only_a_trusted_proxys_plain_id_is_taken(settings, trusts, given, taken):
    settings.TRUST_PROXY, settings.TRUSTED_PROXIES = trusts, []
    answer = await ask("/health/live", **{"x-request-id": given})
    assert (answer.headers["x-request-id"] == given) is taken
    assert answer.headers["x-request-id"]


@pytest.mark.django_db(transaction=True)
def test_a_failing_page_says_whose_it_was_and_nothing_about_people(client, agent, lines, monkeypatch):
    def fail(*_args, **_options):
        raise OperationalError

    chat = make_chat(agent.service, agent=agent)
    client.force_login(agent.user)
    monkeypatch.setattr("chat.desk.views.render", fail)
    client.raise_request_exception = False
    log_ids.begin()
    client.get(f"/desk/{agent.service.slug}/chat/{chat.pk}/history/")
    [line] = [line for line in lines if line["level"] == "ERROR"]
    assert (line["service"], line["agent"], line["chat"]) == (agent.service.pk, agent.pk, chat.pk)
    assert agent.user.name not in json.dumps(line)
    assert agent.user.email not in json.dumps(line)


async def test_what_a_request_starts_in_tasks_and_threads_has_its_id_and_what_became_known_later(lines):
    ids = log_ids.begin()
    known = asyncio.Event()

    async def later() -> None:
        await known.wait()
        await asyncio.to_thread(logging.getLogger("chat").warning, "started")

    task = asyncio.create_task(later())
    await asyncio.to_thread(log_ids.about, service=7)
    known.set()
    await task
    assert (lines[0]["request"], lines[0]["service"]) == (ids["request"], 7)


@pytest.mark.django_db(transaction=True)
def test_the_workers_failure_in_a_service_has_its_id_and_the_next_service_its_own(service, lines):
    def fail() -> None:
        logging.getLogger("chat").warning("before")
        raise ValueError

    jobs.run([jobs.Job(service.pk, fail), jobs.Job(service.pk + 1, fail)], jobs.Memory())
    upkeep.reconcile()
    assert {line["service"] for line in lines if line["message"] == "before"} == {service.pk, service.pk + 1}
    assert {line["service"] for line in lines if "work failed" in line["message"]} == {service.pk, service.pk + 1}
    with log_ids.within(service=1):
        pass
    assert "service" not in log_ids.current()


@pytest.mark.django_db(transaction=True)
async def test_the_access_log_has_the_pattern_of_the_address_and_no_secret(settings, lines, caplog):
    caplog.set_level(logging.INFO, "contiple.access")
    secret = "Wq8sZk3nTq0vXbR5yLcA1dJfGhU7eMiP"
    await ask(f"/hc/demo/nothing/{secret}/", host="localhost")
    assert [line for line in lines if line["logger"] == "contiple.access"] == []
    settings.ACCESS_LOG = True
    await ask(f"/hc/demo/nothing/{secret}/", host="localhost")
    await ask("/health/live")
    found = [line for line in lines if line["logger"] == "contiple.access"]
    assert [(line["route"], line["method"], line["status"]) for line in found] == [
        ("/hc/…", "GET", 404),
        ("/health/…", "GET", 200),
    ]
    assert found[1]["bytes"] == len("live\n")
    assert found[0]["ms"] >= 0
    assert secret not in json.dumps(lines)


def test_labels_of_a_group_can_not_be_made_up():
    assert [request_log.group_of(path) for path in ("/hc/demo/", "/desk/x/", "/", "/sign-in/", "/aaa/", "x")] == [
        "hc",
        "desk",
        *["other"] * 4,
    ]


@pytest.fixture
def burst() -> Iterator[tuple[logging.Logger, list[str]]]:
    """A logger whose handler has the filter, and what it has written."""
    written: list[str] = []

    class Written(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            written.append(logs.message_of(record))

    handler, logger = Written(), logging.getLogger("contiple.tests.burst")
    handler.addFilter(OneLineForABurst(window_s=3600))
    logger.addHandler(handler)
    yield logger, written
    logger.removeHandler(handler)


def test_a_burst_is_one_line_and_how_many_more(burst):
    logger, written = burst
    threads = [threading.Thread(target=lambda: [logger.warning("tick failed: %s", "x") for _ in range(500)])] * 1
    threads += [threading.Thread(target=lambda: [logger.warning("a frame failed") for _ in range(3)])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == ["a frame failed", "tick failed: x"]
    logger.handlers[0].filters[0].say()
    assert sorted(written)[1::2] == ["a frame failed … 2 more in 3600 s", "tick failed: x … 499 more in 3600 s"]
    logger.warning("a frame failed")
    assert written[-1] == "a frame failed"


def test_other_errors_other_places_and_information_are_no_burst(burst):
    logger, written = burst

    def fail(number: int) -> None:
        try:
            raise (ValueError if number else KeyError)
        except (ValueError, KeyError):
            logger.exception("a frame failed")

    logger.setLevel(logging.INFO)
    for number in (0, 1, 0, 1):
        fail(number)
    for _ in range(3):
        logger.info("account 1: sign_in")
    assert written == ["a frame failed"] * 2 + ["account 1: sign_in"] * 3


def test_the_timer_says_it_without_another_record(burst):
    logger, written = burst
    said = threading.Event()
    handler = logger.handlers[0]
    handler.filters[0].window_s = 0.05
    emit = handler.emit
    handler.emit = lambda record: (emit(record), said.set() if hasattr(record, "more") else None)
    logger.warning("tick failed")
    logger.warning("tick failed")
    assert said.wait(10)
    assert written == ["tick failed", "tick failed … 1 more in 0.05 s"]
