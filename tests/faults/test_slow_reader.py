"""A client that stops reading costs bounded memory, is dropped, and is healed on its return."""

import psutil
import pytest

from chat.sockets.codes import SLOW
from chat.sockets.window import WINDOW_BYTES
from contiple.base.texts import MESSAGE_LENGTH_MAX
from tests.faults.desk import assert_nothing_lost

READERS, WRITERS = 8, 5
BURST = 28  # a socket may send 30 messages at once
MEGABYTE = 1024 * 1024


@pytest.mark.slow
def test_a_client_that_stops_reading_is_dropped_in_bounded_memory_and_healed_on_return(cluster, desk):
    web = cluster["web1"]
    agent, _tab, customer = desk.conversation(customer_at="web2", agent_at="web2")
    writers = [desk.tab(agent, web="web2") for _ in range(WRITERS)]
    readers = [desk.customer(customer.token, customer.chat, web="web1") for _ in range(READERS)]
    silent = desk.customer(customer.token, customer.chat, web="web1")
    quick = desk.tab(agent, customer.chat, web="web1")
    before = psutil.Process(web.pid).memory_full_info().uss
    for reader in readers:
        reader.stop_reading()
    # This one reads, and says nothing: it hears the code before its line ends.
    silent.answers_beats = False
    text = "<" * (MESSAGE_LENGTH_MAX - 10)  # four letters each, as HTML
    for number in range(BURST):
        for at, writer in enumerate(writers):
            writer.say(customer.chat, f"{text} {at} {number}")
    quick.wait_for(lambda: len(quick.ids(customer.chat)) == BURST * WRITERS, seconds=60)
    sent = BURST * WRITERS * len(text) * 4
    assert sent > 2 * WINDOW_BYTES
    held = psutil.Process(web.pid).memory_full_info().uss - before
    print(f"{sent / MEGABYTE:.1f} MB for each of {READERS} who stopped reading: {held / MEGABYTE:.1f} MB more")
    assert held < READERS * WINDOW_BYTES + 8 * MEGABYTE
    assert quick.codes == []
    silent.wait_for(lambda: silent.codes, "not dropped", seconds=10)
    assert set(silent.codes) == {SLOW}
    silent.answers_beats = True
    for reader in readers:
        reader.read_again()
    for reader in readers:
        reader.wait_for(lambda reader=reader: reader.codes, "not dropped", seconds=10)
    assert_nothing_lost(desk, customer.chat, customer, quick, silent, *readers, seconds=30, others=writers)
