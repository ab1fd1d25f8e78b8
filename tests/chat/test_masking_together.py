"""Two agents mask overlapping spans while the customer writes and another page comes and goes: everybody ends with the
same text, the one that is stored.
"""

import asyncio
import random
from contextlib import suppress

import pytest

from agents.models import Agent, Service
from chat.conversation import entries, rendering
from chat.conversation.message_masks import lift, mask_selection
from chat.conversation.messages import send_as_customer
from chat.masking.selections import Selection
from chat.models import Chat, Mask, Message
from contiple.base.errors import DomainError
from helpcenter.customers import register_customer
from tests.chat.comings import new_id
from tests.chat.lines import Line, chat_of, desk_of, do
from tests.make import make_chat

pytestmark = pytest.mark.django_db(transaction=True)

WRITTEN = "내 주소는 서울시 👨‍👩‍👧‍👦 각 e\u0301 1번지 🇰🇷 010-1234-5678 입니다. Thank you عربي!"
WRITTEN_BEFORE, LINES = 3, 20
MASKS = 12  # that each agent tries


class Screen:
    """What a page shows, by its own rule: of each place the highest rev (`static/js/conversation.js`)."""

    def __init__(self) -> None:
        self.shown: dict[int, tuple[int, str]] = {}

    @property
    def rev(self) -> int:
        return max((rev for rev, _html in self.shown.values()), default=0)

    def show(self, frame: dict) -> None:
        if frame["type"] == "message" and frame["rev"] >= self.shown.get(frame["seq"], (0, ""))[0]:
            self.shown[frame["seq"]] = (frame["rev"], frame["html"])

    async def follow(self, line: Line) -> None:
        while (frame := await line.frame()) is not None:
            self.show(frame)


@pytest.fixture
def known(service: Service):
    return register_customer(service, name="Jun", email="", language="en")


@pytest.fixture
def chat(service: Service, agent: Agent, known) -> Chat:
    chat = make_chat(service, agent=agent, customer=known[0])
    for _ in range(WRITTEN_BEFORE):
        send_as_customer(chat, body=WRITTEN, client_id=new_id())
    return chat


async def test_everybody_ends_with_the_same_text(chat, known, agent, colleague) -> None:
    rng = random.Random(7)
    customer, another, *desks = screens = [Screen() for _ in range(4)]
    async with (
        desk_of(agent) as first,
        desk_of(colleague) as second,
        chat_of(known[1]) as page,
    ):
        for line, screen in zip((first, second), desks, strict=True):
            await line.say("watch", chat=chat.pk)
            screen.task = asyncio.create_task(screen.follow(line))
        for frame in page.heard:
            customer.show(frame)
        customer.task = asyncio.create_task(customer.follow(page))

        await asyncio.gather(
            masks(chat, agent, rng),
            masks(chat, colleague, rng),
            takes_off(chat, agent),
            writes(page),
            comes_and_goes(another, known[1]),
        )

        stored = await everything_stored(chat)
        await until(lambda: all(screen.shown == stored for screen in (customer, *desks)))
        for screen in (customer, *desks):
            screen.task.cancel()
    async with chat_of(known[1], rev=another.rev) as last:
        for frame in last.heard:
            another.show(frame)
    for screen in screens:
        assert screen.shown == stored
    assert await do(Mask.objects.count) > 3


async def masks(chat: Chat, by: Agent, rng: random.Random) -> None:
    for _ in range(MASKS):
        seq, start = rng.choice([1, 2, 3]), rng.randrange(70)
        rev = await do(lambda seq=seq: Message.objects.get(chat=chat, seq=seq).rev)
        with suppress(DomainError):  # somebody was faster; or it is masked, or white space
            await do(mask_selection, by, chat.pk, [Selection(seq, rev, start, start + rng.randrange(1, 25))])


async def takes_off(chat: Chat, by: Agent) -> None:
    for _ in range(3):
        await asyncio.sleep(0.05)
        mask = await do(Mask.objects.filter(message__chat=chat).order_by("?").first)
        if mask:
            await do(lift, by, mask.pk, address=None)


async def writes(page: Line) -> None:
    for number in range(LINES):
        await page.say("send", client_id=new_id(), body=f"Line {number}, card 4111 1111 1111 1111")
        await asyncio.sleep(0.02)


async def comes_and_goes(screen: Screen, token: str) -> None:
    for _ in range(6):
        async with chat_of(token, rev=screen.rev) as line:
            for frame in line.heard:
                screen.show(frame)
            for _ in range(5):
                if not await line.is_quiet(0.03):
                    screen.show(await line.frame())


def as_stored(chat: Chat) -> dict[int, tuple[int, str]]:
    page = entries.latest_page(chat)
    return {entry.seq: (entry.rev, rendering.message_html(entry, "en")) for entry in page}


async def everything_stored(chat: Chat) -> dict[int, tuple[int, str]]:
    """Once what was sent has been committed."""
    async with asyncio.timeout(10):
        while len(stored := await do(as_stored, chat)) < WRITTEN_BEFORE + LINES:  # noqa: ASYNC110 - of other threads
            await asyncio.sleep(0.02)
    return stored


async def until(true) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - of what comes over sockets
            await asyncio.sleep(0.02)
