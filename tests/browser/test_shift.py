"""A shift: ten customers, two agents and a lead, by what they see and click. Its report says what happened."""

import re
from collections import Counter
from collections.abc import Callable
from math import ceil

import pytest
from playwright.sync_api import Page, expect

from agents.models import Agent, AuditEntry, Service
from chat.models import Chat, Message
from chat.reports.definitions import duration
from chat.reports.marks import STEP
from tests.browser.windows import SLOW_MILLISECONDS, Desk, HelpCenter
from tests.chat.categories import make_category
from tests.make import make_agent

ANSWERED = ("Ann", "Bo", "Cho", "Dan", "Eun", "Fay")
LIMIT = 3


class Shift:
    """The windows of everybody, and a tally of what the people in them have done."""

    def __init__(self, service: Service, signed_in_page: Callable[..., Page], new_page: Callable[..., Page]) -> None:
        self.agents = {name: make_agent(service, name, chat_limit=LIMIT) for name in ("Mina", "Theo")}
        self.desks = {name: Desk(signed_in_page(agent)) for name, agent in self.agents.items()}
        self.lead = Desk(signed_in_page(make_agent(service, "Ada", role=Agent.Role.ADMIN)))
        self.new_page = new_page
        self.centers: dict[str, HelpCenter] = {}
        self.tally: Counter[str] = Counter()
        self.opened: Counter[str] = Counter()
        self.open_now: dict[str, set[str]] = {name: set() for name in self.agents}
        self.at_once: list[int] = []

    def comes(self, name: str) -> HelpCenter:
        center = self.centers[name] = HelpCenter(self.new_page("/hc/demo/"))
        center.start(name=name, email=f"{name.lower()}@example.com", message=f"Hello, this is {name}.")
        self.tally["received"] += 1
        return center

    def opens(self, name: str) -> str:
        """Whoever it rings for opens the chat; their name."""
        agent = self.rings_for(name)
        self.desks[agent].select(name)
        self.opened[agent] += 1
        self.open_now[agent].add(name)
        self.at_once.append(len(self.open_now[agent]))
        return agent

    def rings_for(self, name: str) -> str:
        entries = self.desks["Mina"].entry(name), self.desks["Theo"].entry(name)
        page = self.desks["Mina"].page
        for _ in range(SLOW_MILLISECONDS // 100):
            for agent, entry in zip(self.desks, entries, strict=True):
                if entry.count():
                    return agent
            page.wait_for_timeout(100)
        raise AssertionError(f"{name} rings for nobody")

    def answers(self, agent: str, name: str) -> None:
        chat = self.desks[agent].select(name)
        chat.write(f"Hello {name}, {agent} here.")
        expect(self.centers[name].chat.body(f"{agent} here.")).to_be_visible()

    def ends(self, agent: str, name: str, category: str = "") -> None:
        desk = self.desks[agent]
        desk.select(name)
        desk.tool("end").click()
        if category:
            field = desk.popup.get_by_role("combobox", name="Category")
            field.fill(category)
            desk.popup.get_by_role("option", name=category).click()
        desk.popup.get_by_role("button", name="End chat").click()
        expect(self.centers[name].panel.get_by_text("This chat has ended.")).to_be_visible()
        self.gone(name)

    def leaves_the_queue(self, name: str) -> None:
        panel = self.centers[name].panel
        panel.get_by_role("button", name="Leave the queue").click()
        panel.locator("dialog[open] [data-action=confirm]").click()
        expect(panel.get_by_text("You have left the queue.")).to_be_visible()

    def leaves(self, name: str) -> None:
        self.centers[name].end()
        expect(self.centers[name].panel.get_by_text("This chat has ended.")).to_be_visible()
        self.gone(name)

    def evaluates(self, name: str, score: str) -> None:
        form = self.centers[name].panel.locator("[data-part=evaluation] form")
        form.get_by_role("radio", name=score, exact=True).check()
        form.get_by_role("button", name="Send evaluation").click()
        expect(self.centers[name].panel.locator("[data-part=given]")).to_contain_text(score)

    def gone(self, name: str) -> None:
        for names in self.open_now.values():
            names.discard(name)


@pytest.fixture
def shift(service: Service, signed_in_page: Callable[..., Page], new_page: Callable[..., Page]) -> Shift:
    make_category(service, "Order")
    service.contract.chats_at_once = 20
    service.contract.save()
    shift = Shift(service, signed_in_page, new_page)
    for desk in shift.desks.values():
        desk.choose("online")
    return shift


def test_the_report_of_a_shift_is_what_happened(shift: Shift) -> None:
    holders = six_are_answered(shift)
    one_is_passed_on(shift, holders)
    one_waits_in_vain(shift)
    the_lead_takes_one_over(shift, holders)
    all_are_ended(shift, holders)
    one_is_ended_without_a_word(shift)
    one_is_still_open(shift)
    one_is_told_that_nobody_is_there(shift)
    assert shift.tally["received"] == len(shift.centers) == 10

    shift.lead.close()
    page = shift.lead.page
    page.goto("/desk/demo/reports/chat/?days=1&by=agent")
    counted(page, shift)
    timed(page)
    by_agent(page, shift)
    leads_to_its_chats(page)


def six_are_answered(shift: Shift) -> dict[str, str]:
    """Both agents have three chats then. Returns who has whom."""
    holders = {}
    for name in ANSWERED:
        shift.comes(name)
        holders[name] = shift.opens(name)
        shift.answers(holders[name], name)
        shift.tally["processed"] += 1
    assert Counter(holders.values()) == {"Mina": LIMIT, "Theo": LIMIT}
    return holders


def one_is_passed_on(shift: Shift, holders: dict[str, str]) -> None:
    """Theo ends a chat, and so has room for one of Mina's."""
    theirs = next(name for name in ANSWERED if holders[name] == "Theo")
    shift.ends("Theo", theirs, category="Order")
    shift.evaluates(theirs, "Excellent")
    del holders[theirs]
    ours = next(name for name in ANSWERED if holders.get(name) == "Mina")
    desk = shift.desks["Mina"]
    desk.select(ours)
    transfer(desk, "Theo")
    shift.desks["Theo"].select(ours)
    shift.open_now["Mina"].discard(ours)
    shift.open_now["Theo"].add(ours)
    holders[ours] = "Theo"
    shift.answers("Theo", ours)


def transfer(desk: Desk, to: str) -> None:
    desk.dialog.locator(".chat-actions > summary").click()
    desk.dialog.get_by_role("link", name="Transfer").click()
    desk.popup.get_by_role("radio", name=to).check()
    desk.popup.get_by_role("button", name="Transfer").click()
    expect(desk.popup).to_be_hidden()


def one_waits_in_vain(shift: Shift) -> None:
    """Mina takes a break, Theo is full: nobody comes, and the customer leaves."""
    shift.desks["Mina"].choose("break")
    shift.comes("Gil")
    expect(shift.centers["Gil"].panel.get_by_text("place in the queue").first).to_be_visible()
    shift.leaves_the_queue("Gil")
    shift.tally["gave_up"] += 1
    shift.desks["Mina"].choose("online")


def the_lead_takes_one_over(shift: Shift, holders: dict[str, str]) -> None:
    name = next(name for name in ANSWERED if holders.get(name) == "Theo")
    lead = shift.lead
    lead.open()
    lead.list.locator(".chat-entry-other", has_text=name).click()
    lead.dialog.get_by_role("button", name="Take over").click()
    lead.popup.get_by_role("button", name="Take over").click()
    expect(lead.chat.composer).to_be_visible()
    lead.chat.write("I am Ada.")
    expect(shift.centers[name].chat.body("I am Ada.")).to_be_visible()
    shift.gone(name)
    holders[name] = "Ada"
    shift.desks["Ada"] = lead


def all_are_ended(shift: Shift, holders: dict[str, str]) -> None:
    first, *others = holders
    shift.leaves(first)
    for name in others:
        shift.ends(holders[name], name)
    shift.evaluates(first, "Poor")
    shift.evaluates(others[0], "Good")
    del shift.desks["Ada"]


def one_is_ended_without_a_word(shift: Shift) -> None:
    """An agent opens it and ends it: neither processed nor given up."""
    shift.comes("Hwa")
    shift.ends(shift.opens("Hwa"), "Hwa")


def one_is_still_open(shift: Shift) -> None:
    shift.comes("Ian")
    shift.answers(shift.opens("Ian"), "Ian")
    shift.tally["processed"] += 1


def one_is_told_that_nobody_is_there(shift: Shift) -> None:
    """It rings for one of them; both go Offline, and the customer leaves an inquiry instead."""
    center = shift.comes("Joy")
    shift.rings_for("Joy")
    for name, desk in shift.desks.items():
        desk.open()
        desk.status("offline").click()
        if shift.open_now[name]:
            desk.popup.get_by_role("button", name="Keep open").click()
        expect(desk.widget).to_have_attribute("data-status", "offline")
    inquiry = center.panel.get_by_role("button", name="Leave a 1:1 inquiry instead")
    expect(center.panel.get_by_text("we’ll answer by e-mail")).to_be_visible(timeout=SLOW_MILLISECONDS)
    inquiry.click()
    expect(center.panel.get_by_text("We’ve received your 1:1 inquiry.")).to_be_visible()
    shift.tally["gave_up"] += 1
    shift.tally["absent"] += 1


# The report


def tile(page: Page, label: str):
    heading = page.get_by_role("heading", name=re.compile(f"^{label}$"), exact=True)
    return page.locator(".report-tile", has=heading)


def value(page: Page, label: str) -> str:
    return tile(page, label).locator(".report-value").inner_text().strip()


def counted(page: Page, shift: Shift) -> None:
    tally = shift.tally
    assert value(page, "Received") == str(tally["received"])
    assert value(page, "Processed") == str(tally["processed"])
    assert value(page, "Unprocessed") == str(tally["received"] - tally["processed"])
    assert value(page, "Give up") == str(tally["gave_up"])
    assert value(page, "Absent inquiries") == str(tally["absent"])
    assert value(page, "Evaluation").startswith("3.7")  # 5, 2 and 4
    expect(tile(page, "Evaluation")).to_contain_text("Evaluations 3")
    assert value(page, "Chats at once").startswith(f"{sum(shift.at_once) / len(shift.at_once):.1f}")
    expect(tile(page, "Chats at once")).to_contain_text(f"Maximum {max(shift.at_once)}")


def timed(page: Page) -> None:
    """The times of messages and of the trail, not the columns that the report reads. A bucket has a rounded middle."""
    begun = {chat.pk: chat.created_at for chat in Chat.objects.all()}
    words = Message.objects.filter(author="agent", internal=False, event="").order_by("created_at")
    firsts = {message.chat_id: message.created_at for message in reversed(words)}
    opened = {}
    for entry in AuditEntry.objects.filter(action="chat.opened").order_by("pk"):
        opened.setdefault(int(entry.subject.removeprefix("chat:")), entry.created_at)
    near(value(page, "First answer"), [(at - begun[pk]).total_seconds() for pk, at in firsts.items()])
    near(value(page, "Waiting time"), [(at - begun[pk]).total_seconds() for pk, at in opened.items()])


def near(shown: str, seconds: list[float]) -> None:
    exact = sorted(seconds)[ceil(len(seconds) / 2) - 1]
    least, most = exact / STEP - 1, exact * STEP + 1
    said = [duration(second) for second in range(max(int(least), 0), ceil(most) + 1)]
    assert any(shown.startswith(words) for words in said), (shown, exact)


def by_agent(page: Page, shift: Shift) -> None:
    """A chat belongs to the agent who had it last."""
    rows = page.locator(".report-table tbody tr")
    received = {row.locator("th").inner_text(): int(row.locator("td").first.inner_text()) for row in rows.all()}
    last = Counter(str(chat.agent) if chat.agent else "Nobody" for chat in Chat.objects.select_related("agent__user"))
    assert received == last
    assert sum(received.values()) == shift.tally["received"]


def leads_to_its_chats(page: Page) -> None:
    tile(page, "Processed").locator(".report-value a").click()
    expect(page).to_have_url(re.compile("/chats/.*outcome=processed"))
    names = page.locator("main table tbody tr")
    expect(names).to_have_count(len(ANSWERED) + 1)
    expect(page.locator("main")).to_contain_text("Ian")
    expect(page.locator("main")).not_to_contain_text("Hwa")
