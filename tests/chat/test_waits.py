"""The likely wait follows from how fast the last hour's customers got an agent. Unknown, it is not said."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.models import Service
from chat.conversation.frames import status_frame, wait_text
from chat.lifecycle.transitions import close_chat
from chat.models import Chat
from chat.routing.queue import line_of
from chat.routing.waits import SAMPLES_MIN, Pace, paces_of, prospects_of
from chat.topics import Topic
from contiple.base.clock import database_now
from helpcenter.customers import register_customer
from tests.cases import cases
from tests.chat.comings import be_here, make_queue
from tests.chat.lines import chat_of, do
from tests.make import make_agent, make_chat, make_service

pytestmark = pytest.mark.django_db


def make_openings(service: Service, count: int, *, every_s: int, last_ago_s: int = 30, waited_s: int = 900, **fields):
    """Chats that were opened one after another, each having waited."""
    agent, now = make_agent(service), database_now()
    for number in range(count):
        opened = now - timedelta(seconds=last_ago_s + number * every_s)
        came = opened - timedelta(seconds=waited_s)
        make_chat(service, agent=agent, answered_at=opened, turn_at=came, created_at=came, **fields)


def test_the_wait_is_the_place_times_the_time_from_one_opening_to_the_next(service) -> None:
    make_openings(service, SAMPLES_MIN + 1, every_s=120)
    first, _second, third = make_queue(service, 3)

    assert paces_of(service.pk)[None].seconds == pytest.approx(120)
    line = line_of(service.pk, paces_of(service.pk))
    assert (line.minutes[first.pk], line.minutes[third.pk]) == (2, 6)
    assert prospects_of(third, 3)["minutes"] == 6
    assert "The wait is about 6 minutes." in status_frame(third, "en", **prospects_of(third, 3)).html
    assert "약 6분" in status_frame(third, "ko", **prospects_of(third, 3)).html


@pytest.mark.parametrize(
    "openings",
    [
        {"count": SAMPLES_MIN, "every_s": 60},  # one too few
        {"count": 9, "every_s": 60, "last_ago_s": 16 * 60},  # none lately
        {"count": 9, "every_s": 60, "waited_s": 5},  # nobody waited
        {"count": 9, "every_s": 60, "last_ago_s": 3700},
    ],
)
def test_nothing_is_said_before_it_is_known_well_enough(service, openings) -> None:
    make_openings(service, **openings)
    chat = make_chat(service)
    assert prospects_of(chat, 1)["minutes"] is None
    assert "The wait is" not in status_frame(chat, "en", **prospects_of(chat, 1)).html


def test_each_topic_and_each_service_has_its_own_pace(service) -> None:
    topic = Topic.objects.create(service=service, key="slow", names={"en": "Slow"})
    make_openings(service, 6, every_s=60)
    make_openings(service, 6, every_s=300, topic=topic)
    make_openings(make_service("other"), 6, every_s=10)

    assert {key: round(pace.seconds) for key, pace in paces_of(service.pk).items()} == {None: 60, topic.pk: 300}


def test_whoever_is_told_that_nobody_is_there_is_told_no_time(service) -> None:
    make_openings(service, 9, every_s=60)
    chat = make_chat(service, inquiry_offer=Chat.InquiryOffer.ABSENT)
    assert "The wait is" not in status_frame(chat, "en", **prospects_of(chat, 1)).html


@given(seconds=st.floats(0, 10_000), place=st.integers(1, 500))
def test_it_is_rounded_by_less_than_it_is_long(seconds: float, place: int) -> None:
    minutes = Pace(seconds).minutes(place)
    exact = seconds * place / 60
    assert minutes >= 1
    assert abs(minutes - exact) <= max(1, exact / 4)


@cases(
    ("minutes", "words"), [(None, ""), (1, "about 1 minute."), (20, "about 20 minutes."), (70, "more than an hour.")]
)
def test_it_is_said_in_words(minutes: int | None, words: str) -> None:
    assert wait_text(minutes, "en").endswith(words)


@pytest.mark.django_db(transaction=True)
async def test_with_a_new_place_comes_the_new_wait(service, customer) -> None:
    def prepare() -> tuple[Chat, str]:
        make_openings(service, 9, every_s=240)
        known, token = register_customer(service, name="Jun", email="", language="en")
        first = be_here(chat=make_queue(service, 1)[0])
        make_chat(service, customer=known)
        return first, token

    first, token = await do(prepare)
    async with chat_of(token) as line:
        assert "about 8 minutes" in line.heard[-1]["html"]
        await do(close_chat, first.pk, by=Chat.ClosedBy.CUSTOMER)
        frame = await line.hear("place")
        assert (frame["place"], frame["wait"]) == (1, "The wait is about 4 minutes.")
