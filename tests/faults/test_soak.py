"""`make soak`: minutes of load with faults at random (SOAK=seconds, SEED=number), and then every invariant at once."""

import os
import random
import threading
import time

import pytest
import redis
from django.db import connection

from agents.models import Agent
from chat.models import Chat, Lease, Message, Ring
from chat.routing.presence import HEARTBEAT_S, LEASE_S
from tests.faults.desk import assert_within_limits, when_database_answers
from tests.faults.people import wait_until
from tests.faults.talk import assert_every_word_arrived, clients, conversations, write_all

TOPOLOGY = {"webs": 3, "workers": 2}
SECONDS = float(os.environ.get("SOAK", "180"))
SEED = int(os.environ.get("SEED", random.SystemRandom().randrange(10**6)))
AGENTS, LIMIT, PAIRS = 6, 2, 6
WRITE_EVERY_S = 0.5
QUIET_S = (1, 6)  # between two faults
HEALED_S = 2 * HEARTBEAT_S + 15


@pytest.mark.soak
def test_any_faults_in_any_order_lose_nobody_and_nothing(cluster, crowd, desk):
    print(f"\nSEED={SEED} SOAK={SECONDS:.0f}")
    chance = random.Random(SEED)
    pairs = conversations(desk, PAIRS)
    write_all(crowd, pairs, every_s=WRITE_EVERY_S)
    reception = Reception(cluster, crowd, desk)
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        time.sleep(chance.uniform(*QUIET_S))
        fault = chance.choice(FAULTS)
        print(f"{SECONDS - (ends - time.monotonic()):6.1f} s  {fault.__name__}")
        fault(cluster, chance, list(clients(pairs)))
        reception.serve(chance)
    for process in cluster:
        if not process.is_running:
            process.start()
    assert_every_word_arrived(desk, crowd, pairs, HEALED_S)
    reception.check()
    count = Message.objects.filter(chat__service=desk.service).count()
    rings = Ring.objects.filter(chat__service=reception.desk.service).count()
    print(f"{count} messages, {rings} rings: nothing lost")


class Reception:
    """Customers come to a second desk, agents answer and end; somebody looks on all the time."""

    def __init__(self, cluster, crowd, beside) -> None:
        self.desk = type(beside)(cluster, crowd)
        self.agents = {row.pk: (row, tab) for row, tab in (self.desk.agent_here(limit=LIMIT) for _ in range(AGENTS))}
        self.customers = []

    def serve(self, chance) -> None:
        when_database_answers(30)
        assert_within_limits(self.desk)
        for _ in range(chance.randrange(4)):
            answer = self.desk.start(name=f"Jun {len(self.customers)}")
            if answer.status == 201 and len(self.customers) < 50:  # an address may start 60 in an hour
                self.customers.append(self.desk.chat_of(answer.token).pk)
                Lease.objects.create(chat_id=self.customers[-1], expires_at=self.desk.now(LEASE_S))  # its page connects
        held = list(Chat.objects.filter(service=self.desk.service, agent__isnull=False).exclude(state="closed"))
        for chat in chance.sample(held, min(len(held), 3)):
            act = self.desk.answer if chat.state == Chat.State.RINGING else self.desk.end
            act(self.agents[chat.agent_id][0], chat.pk)
        assert_within_limits(self.desk)

    def check(self) -> None:
        """Nobody waits while there is room: they are served one after the other until nobody is left."""
        open_chats = Chat.objects.filter(service=self.desk.service).exclude(state="closed")
        wait_until(lambda: Agent.objects.filter(pk__in=self.agents, leases__isnull=False).count() >= AGENTS, HEALED_S)
        while open_chats.exists():
            wait_until(self._is_settled, 60, otherwise=lambda: f"stuck: {list(open_chats.values('pk', 'state'))}")
            for chat in open_chats.filter(agent__isnull=False):
                self.desk.answer(self.agents[chat.agent_id][0], chat.pk)
                self.desk.end(self.agents[chat.agent_id][0], chat.pk)
            assert_within_limits(self.desk)
        assert not Ring.objects.filter(chat__service=self.desk.service, ended_at=None).exists()

    def _is_settled(self) -> bool:
        states = list(Chat.objects.filter(service=self.desk.service).values_list("state", flat=True))
        return "waiting" not in states or sum(self.desk.loads().values()) == AGENTS * LIMIT


def kill_web(cluster, chance, pages):
    victim = chance.choice([web for web in cluster.web_processes if web.is_running])
    victim.kill()
    time.sleep(chance.uniform(0, 3))
    victim.start()


def replace_web(cluster, chance, pages):
    chance.choice(cluster.web_processes).restart()


def hang_web(cluster, chance, pages):
    victim = chance.choice(cluster.web_processes)
    victim.pause()
    time.sleep(chance.uniform(0.5, 4))
    victim.resume()


def kill_worker(cluster, chance, pages):
    victim = cluster[chance.choice(["worker1", "worker2"])]
    victim.kill()
    time.sleep(chance.uniform(0, 3))
    victim.start()


def restart_postgres(cluster, chance, pages):
    chance.choice([cluster.postgres.stop, cluster.postgres.kill])()
    connection.close()
    time.sleep(chance.uniform(0, 3))
    cluster.postgres.start()
    when_database_answers(30)


def restart_redis(cluster, chance, pages):
    chance.choice([cluster["redis"].kill, cluster["redis"].stop])()
    time.sleep(chance.uniform(0, 20))
    cluster["redis"].start()


def flush_redis(cluster, chance, pages):
    redis.Redis.from_url(cluster.redis_url).flushall()


def cut_lines(cluster, chance, pages):
    for client in chance.sample(pages, 4):
        client.cut()


def two_at_once(cluster, chance, pages):
    first = chance.choice([kill_worker, cut_lines, flush_redis])
    beside = threading.Thread(target=first, args=[cluster, random.Random(chance.random()), pages])
    beside.start()
    chance.choice([restart_postgres, restart_redis])(cluster, chance, pages)
    beside.join()


FAULTS = [
    kill_web, replace_web, hang_web, kill_worker, restart_postgres, restart_redis, flush_redis, cut_lines, two_at_once
]  # fmt: skip
