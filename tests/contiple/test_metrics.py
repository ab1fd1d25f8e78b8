"""What is counted, who may read it, and that it never says whose it is."""

import asyncio

import pytest
from django.db import OperationalError
from prometheus_client.parser import text_string_to_metric_families

from agents import outbox
from agents.models import OutgoingMail
from chat.models import Chat
from contiple import asgi
from contiple.base import metrics
from tests.contiple.asgi import ask
from tests.make import make_chat, make_service

pytestmark = pytest.mark.django_db(transaction=True)
TOKEN = "a-token-of-the-operator"
LABELS = {"side", "stage", "found_by", "state", "pool", "le", "group", "method", "status", "version", "implementation"}
LABELS |= {"major", "minor", "patchlevel", "outcome"}


@pytest.fixture(autouse=True)
def token(settings):
    settings.METRICS_TOKEN = TOKEN


async def scraped() -> dict[tuple[str, frozenset], float]:
    answer = await ask("/metrics", authorization=f"Bearer {TOKEN}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    return {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


def sample(name: str, **labels: str) -> tuple[str, frozenset]:
    return name, frozenset(labels.items())


@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer other"}, {"authorization": TOKEN}])
async def test_nobody_reads_it_without_the_token(given):
    answer = await ask("/metrics", **given)
    assert (answer.status, answer.text) == (401, "")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_that_is_no_text_is_refused():
    assert (await ask("/metrics", authorization="Bearer é한")).status == 401


@pytest.mark.parametrize("given", [{}, {"authorization": "Bearer "}, {"authorization": f"Bearer {TOKEN}"}])
async def test_without_the_variable_there_is_no_such_address(settings, given):
    settings.METRICS_TOKEN = ""
    assert (await ask("/metrics", host="localhost", **given)).status == 404


def test_read_numbers_of_all_services_are_counted(service, agent, colleague):
    make_chat(service)
    make_chat(make_service("second"))
    make_chat(service, state=Chat.State.RINGING, agent=agent)
    make_chat(service, agent=colleague)
    make_chat(service, state=Chat.State.CLOSED)
    samples = asyncio.run(scraped())
    counted = {s: samples[sample("contiple_chats", state=s)] for s in ("waiting", "ringing", "active")}
    assert counted == {"waiting": 2, "ringing": 1, "active": 1}
    assert samples[sample("contiple_longest_wait_seconds")] > 0


def test_mails_are_counted(service):
    mails = [outbox.post(outbox.Outgoing(kind="test", to=["a@example.com"], subject="", text="")) for _ in range(3)]
    OutgoingMail.objects.filter(pk=mails[0].pk).update(state=OutgoingMail.State.DEAD)
    samples = asyncio.run(scraped())
    assert samples[sample("contiple_mails_waiting")] == 2
    assert samples[sample("contiple_mails_dead")] == 1
    assert samples[sample("contiple_mail_oldest_seconds")] > 0


async def test_none_is_a_number_too():
    samples = await scraped()
    assert samples[sample("contiple_mail_oldest_seconds")] == samples[sample("contiple_mails_waiting")] == 0
    assert samples[sample("contiple_chats", state="waiting")] == 0
    assert samples[sample("contiple_longest_wait_seconds")] == 0
    for name in ("agent", "customer"):
        assert sample("contiple_sockets_open", side=name) in samples
    for found_by in ("delivery", "heartbeat"):
        assert sample("contiple_lost_rings_healed_total", found_by=found_by) in samples


async def test_no_label_says_whose_it_is(monkeypatch):
    metrics.watch_pool("django", lambda: {"pool_size": 1})
    names = {name for _metric, labels in await scraped() for name, _value in labels}
    assert names <= LABELS


@pytest.mark.parametrize(("path", "side"), [("/ws/desk/demo/", "agent"), ("/ws/chat/demo/", "customer")])
async def test_sockets_are_counted_while_they_are_open_however_they_end(path, side):
    gauge = metrics.sockets_open.labels(side)
    before, opened = gauge._value.get(), asyncio.Event()

    async def socket(scope, receive, send) -> None:
        opened.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(asgi.counted(socket)({"path": path}, None, None))
    await opened.wait()
    assert gauge._value.get() == before + 1
    task.cancel()
    await asyncio.wait([task])
    assert gauge._value.get() == before


async def test_a_messages_way_is_timed_from_the_frame_on_also_in_threads():
    async def send() -> float:
        metrics.message_received()
        received = await asyncio.to_thread(metrics.received_at)
        metrics.message_acknowledged()
        return received

    before = await scraped()
    received = await asyncio.create_task(send())
    metrics.message_delivered(received)
    after = await scraped()
    for stage in ("acknowledged", "delivered"):
        name = sample("contiple_message_seconds_count", stage=stage)
        assert after[name] == before[name] + 1


async def test_what_no_frame_brought_is_not_timed_and_a_wrong_clock_counts_nothing():
    name = sample("contiple_message_seconds_sum", stage="delivered")
    count = sample("contiple_message_seconds_count", stage="delivered")
    before = await scraped()
    assert metrics.received_at() == 0
    metrics.message_delivered(metrics.received_at())
    assert (await scraped())[count] == before[count]
    metrics.message_delivered(4_000_000_000.0)  # by a clock that is ahead
    after = await scraped()
    assert (after[count], after[name]) == (before[count] + 1, before[name])


async def test_the_pool_in_use_is_shown():
    await scraped()
    samples = await scraped()
    held = samples[sample("contiple_pool_connections", pool="django")]
    assert 0 <= samples[sample("contiple_pool_free", pool="django")] <= held
    assert samples[sample("contiple_pool_requests_total", pool="django")] > 0


async def test_without_the_database_the_other_numbers_are_there(monkeypatch):
    def unreachable() -> None:
        raise OperationalError

    monkeypatch.setattr("contiple.scrape._read_numbers", unreachable)
    samples = await scraped()
    assert sample("contiple_sockets_open", side="agent") in samples
    assert sample("contiple_chats", state="waiting") not in samples
