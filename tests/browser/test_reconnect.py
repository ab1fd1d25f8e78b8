"""The line breaks, or the server dies, while both write: everything arrives once and in order, and what is not there
yet is shown as pending meanwhile."""

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from agents.models import Service
from chat.models import Chat, Message
from tests import server as servers
from tests.browser.files import Files, file, pdf
from tests.browser.line import Line, line
from tests.browser.traces import traces
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.make import make_agent


@pytest.fixture(scope="module")
def wire() -> Iterator[Line]:
    with line() as wire:
        yield wire


class Machine:
    """The server behind the line, which can be killed and started again."""

    def __init__(self, wire: Line, logs: Path) -> None:
        self.wire, self.logs, self.starts = wire, logs, 0
        self.stack = contextlib.ExitStack()

    def start(self) -> servers.Server:
        self.starts += 1
        log_file = self.logs / f"reconnect-{self.starts}.log"
        self.server = self.stack.enter_context(servers.running(log_file, PUBLIC_ORIGIN=self.wire.origin))
        self.wire.upstream = int(self.server.origin.rpartition(":")[2])
        return servers.Server(self.wire.origin, self.server.process, log_file)

    def kill(self) -> None:
        self.server.process.kill()
        self.server.process.wait()


@pytest.fixture(scope="module")
def machine(django_db_setup, wire: Line, server_logs: Path) -> Iterator[Machine]:
    machine = Machine(wire, server_logs)
    with machine.stack:
        yield machine


@pytest.fixture(scope="module")
def server(machine: Machine) -> servers.Server:
    """In place of the usual one: the same, at the end of the line."""
    return machine.start()


@pytest.fixture
def both(service: Service, signed_in_page: Callable[..., Page], new_page: Callable[..., Page], wire: Line):
    """Mina and Jun, in a chat."""
    wire.restore()
    desk = Desk(signed_in_page(make_agent(service, "Mina", online=True)))
    expect(desk.list).to_contain_text("No chats right now")
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", message="Hello")
    desk.select("Jun Park")
    expect(center.panel.get_by_text("Mina joined the chat.")).to_be_visible()
    return desk, center


def test_what_both_write_while_the_line_is_cut_arrives_once_and_in_order(both, wire: Line):
    desk, center = both
    wire.cut()
    expect(desk.notice).to_have_text("Connection lost. Reconnecting…")
    expect(center.panel.locator("[data-part=notice]")).to_have_text("Connection lost. Reconnecting…")
    for number in range(1, 4):
        desk.chat.write(f"agent {number}")
        center.chat.write(f"customer {number}")
    expect(desk.chat.pending).to_have_count(3)
    expect(center.chat.pending).to_have_count(3)
    expect(center.chat.pending.first).to_contain_text("Sending…")
    assert Message.objects.filter(body__contains="1").count() == 0

    wire.restore()
    arrived_once(desk, center, agent=3, customer=3)
    expect(desk.notice).to_be_hidden()


def test_a_dead_server_loses_and_doubles_nothing(both, machine: Machine):
    desk, center = both
    for number in range(1, 7):
        desk.chat.write(f"agent {number}")
        center.chat.write(f"customer {number}")
        if number == 3:
            machine.kill()
    machine.start()
    arrived_once(desk, center, agent=6, customer=6)
    expect(desk.status("online")).to_have_attribute("aria-pressed", "true")
    assert Chat.objects.get().state == Chat.State.ACTIVE


def test_a_message_whose_acknowledgement_was_lost_is_stored_once(both, wire: Line):
    desk, center = both
    wire.deafen()
    center.chat.write("customer 1")
    expect(center.chat.pending).to_have_count(1)
    stored(Message.objects.filter(body="customer 1"), center.page)
    wire.cut()
    wire.restore()
    arrived_once(desk, center, agent=0, customer=1)


def test_a_reload_without_a_line_keeps_what_was_not_sent(both, wire: Line):
    desk, center = both
    wire.cut()
    desk.chat.write("agent 1")
    center.chat.write("customer 1")
    expect(desk.chat.pending).to_have_count(1)
    expect(center.chat.pending).to_have_count(1)
    # Now the tabs are loaded anew, as somebody does who thinks that this helps.
    wire.restore()
    desk.page.reload()
    center.page.reload()
    arrived_once(desk, center, agent=1, customer=1)


def test_a_browser_without_network_catches_up_with_a_mask(both, wire: Line):
    desk, center = both
    center.chat.write("customer 1 says 4711")
    expect(desk.chat.body("4711")).to_be_visible()
    expect(center.chat.pending).to_have_count(0)
    wire.cut()
    # Before it is offline: then a browser holds back what comes last on the line, and also that the line has ended.
    expect(center.panel.locator("[data-part=notice]")).to_have_text("Connection lost. Reconnecting…")
    center.page.context.set_offline(True)
    wire.restore()
    expect(desk.notice).to_be_hidden(timeout=SLOW_MILLISECONDS)
    desk.mask_text(desk.chat.body("4711"), "4711")
    expect(desk.chat.masks).to_have_text("****")
    expect(center.chat.body("4711")).to_be_visible()
    center.page.context.set_offline(False)
    expect(center.chat.masks).to_have_text("****", timeout=SLOW_MILLISECONDS)
    expect(center.chat.bodies).to_have_text(["Hello", "customer 1 says ****"])
    assert "4711" not in traces(center.page)


# Files

SIDES = pytest.mark.parametrize("side", [0, 1], ids=["desk", "center"])


@SIDES
def test_a_file_that_is_cut_off_goes_up_again_by_itself_in_its_order(both, wire: Line, side: int):
    mine, theirs = (Files(window.chat, window.page) for window in (both if side == 0 else both[::-1]))
    ids: list[str] = []
    mine.page.on("request", lambda request: ids.append(request.headers.get("x-client-id", "")))
    expect(mine.button).to_be_visible()
    mine.slow(20_000)
    mine.choose(file("big.pdf", pdf(200_000), "application/pdf"), file("small.pdf", pdf(2_000), "application/pdf"))
    expect(mine.upload("big.pdf")).to_contain_text(re.compile(r"[1-9]\d? %"))
    wire.cut()
    expect(mine.upload("big.pdf")).to_contain_text("Waiting for the connection…")
    expect(mine.upload("big.pdf").get_by_role("button", name="Try again")).to_be_visible()
    mine.slow(-1)
    wire.restore()
    for files in (mine, theirs):
        names = files.shown.locator(".message-body")
        expect(names).to_have_text(["big.pdf", "small.pdf"], timeout=SLOW_MILLISECONDS)
    expect(mine.uploads).to_have_count(0)
    tries = [each for each in ids if each]
    assert len(set(tries)) == 2 < len(tries)
    assert Message.objects.filter(file__isnull=False).count() == 2


@SIDES
def test_a_file_whose_answer_was_lost_is_there_once(both, wire: Line, side: int):
    mine, theirs = (Files(window.chat, window.page) for window in (both if side == 0 else both[::-1]))
    expect(mine.button).to_be_visible()
    wire.deafen()
    mine.choose(file("big.pdf", pdf(200_000), "application/pdf"))
    stored(Message.objects.filter(file__isnull=False), mine.page)
    expect(mine.uploads).to_have_count(1)
    wire.cut()
    wire.restore()
    for files in (mine, theirs):
        expect(files.shown).to_have_count(1, timeout=SLOW_MILLISECONDS)
    expect(mine.uploads).to_have_count(0, timeout=SLOW_MILLISECONDS)
    assert Message.objects.filter(file__isnull=False).count() == 1


@SIDES
def test_a_page_that_was_left_after_the_last_byte_says_nothing_wrong(both, wire: Line, side: int):
    """The file is there, though its page never learnt it."""
    window = both[side]
    mine = Files(window.chat, window.page)
    mine.page.on("dialog", lambda dialog: dialog.accept())
    expect(mine.button).to_be_visible()
    wire.deafen()
    mine.choose(file("big.pdf", pdf(200_000), "application/pdf"))
    stored(Message.objects.filter(file__isnull=False), mine.page)
    wire.cut()
    wire.restore()
    mine.page.reload()
    expect(mine.shown).to_have_count(1, timeout=SLOW_MILLISECONDS)
    expect(mine.button).to_be_visible()
    expect(mine.uploads).to_have_count(0, timeout=SLOW_MILLISECONDS)


def arrived_once(desk: Desk, center: HelpCenter, *, agent: int, customer: int) -> None:
    """Both screens show what the database has, in its order; each side's lines stand in the order of writing."""
    expect(desk.chat.bodies).to_have_count(1 + agent + customer, timeout=SLOW_MILLISECONDS)
    expect(center.chat.bodies).to_have_count(1 + agent + customer, timeout=SLOW_MILLISECONDS)
    for chat in (desk.chat, center.chat):
        expect(chat.pending).to_have_count(0, timeout=SLOW_MILLISECONDS)
    lines = list(Message.objects.exclude(author="system").order_by("seq").values_list("body", flat=True))
    expect(desk.chat.bodies).to_have_text(lines)
    expect(center.chat.bodies).to_have_text(lines)
    assert [line for line in lines if "agent" in line] == [f"agent {n + 1}" for n in range(agent)]
    assert [line for line in lines if "customer" in line] == [f"customer {n + 1}" for n in range(customer)]


def stored(messages, page: Page) -> None:
    """Waits until the server has it: nothing on a screen tells."""
    for _try in range(100):
        if messages.exists():
            return
        page.wait_for_timeout(50)
    pytest.fail("not stored")
