"""A release on running machines: each process is replaced in turn, and nobody sees more than a reconnect."""

import pytest

from chat.models import Chat
from contiple.server import COME_BACK
from tests.faults.talk import assert_every_word_arrived, clients, conversations, wait_for_more, write_all

BACK_WITHIN_S = 3


@pytest.mark.slow
def test_a_rolling_restart_is_no_more_than_one_reconnect_for_anybody(cluster, crowd, desk):
    pairs = conversations(desk, 4)
    write_all(crowd, pairs)
    wait_for_more(pairs, 20)
    for web in cluster.web_processes:
        seen = [len(client.codes) for client in clients(pairs)]
        web.ask_to_end()
        assert web.wait_for_end(15) == 0
        for client in clients(pairs):
            client.wait_for(lambda client=client: client.is_greeted, seconds=BACK_WITHIN_S)
        assert all(len(client.codes) - before <= 1 for client, before in zip(clients(pairs), seen, strict=True))
        wait_for_more(pairs, 20)
        web.start()
    cluster["worker1"].restart()
    wait_for_more(pairs, 20)
    assert_every_word_arrived(desk, crowd, pairs)
    assert {code for client in clients(pairs) for code in client.codes} == {COME_BACK}


def test_pages_are_answered_throughout_a_rolling_restart(cluster, desk):
    answered = []
    desk.agent_here(limit=20)
    for web in cluster.web_processes:
        web.ask_to_end()
        while web.is_running:
            answered.append(desk.start().status)
        web.start()
    assert len(answered) >= 2
    assert set(answered) == {201}
    assert Chat.objects.filter(service=desk.service).count() == len(answered)
