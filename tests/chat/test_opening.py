"""Operating hours in a service: who can start a chat, what is said when it is closed, and who may change the hours."""

from datetime import date, timedelta
from functools import partial
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import translation

from agents.models import Agent, AuditEntry, Service
from chat.conversation import frames
from chat.lifecycle.transitions import OutOfHours, answer_chat, start_chat
from chat.models import Chat, OperatingHours, SpecialDay
from chat.operating_hours import ClosedUntil
from chat.routing import opening
from chat.routing.hours import DAY
from chat.routing.public_holidays import holidays_ahead
from chat.routing.queue_limits import offer_inquiries
from chat.templatetags.chat_words import opening as opening_words
from chat.worker import tick
from contiple.base import clock
from contiple.base.errors import Closed, Conflict, Invalid
from tests.chat.comings import be_here, come_online, committed, state_of
from tests.make import make_chat, make_customer

pytestmark = pytest.mark.django_db

PATH = "/desk/demo/chat/hours/"
ALWAYS, NEVER = [[[0, DAY]]] * 7, [[]] * 7
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.fixture
def policy(service: Service):
    return service.help_center.policies.get(language="en")


@pytest.fixture
def client(admin, sign_in) -> Client:
    return sign_in(admin)


def hours(service: Service, week: list, **fields) -> OperatingHours:
    row, _is_new = OperatingHours.objects.update_or_create(
        service=service, defaults={"is_on": True, "zone": "UTC", "week": week, **fields}
    )
    return row


def opens_in(minutes: int, *, for_minutes: int = 60) -> list:
    """Each day's hours begin so many minutes from now; before now with a negative number."""
    now = clock.database_now()
    start = (now.hour * 60 + now.minute + minutes) % DAY
    return [[[start, start + for_minutes]]] * 7


# The customer


def test_without_hours_chat_is_always_open(service, agent, policy) -> None:
    come_online(agent)
    hours(service, NEVER, is_on=False)

    assert opening.closed_until(service.pk) is None
    assert start_chat(make_customer(service), policy=policy, language="en").is_open


def test_outside_of_the_hours_no_chat_starts(service, agent, policy) -> None:
    come_online(agent)
    hours(service, opens_in(120))

    with pytest.raises(OutOfHours):
        start_chat(make_customer(service), policy=policy, language="en")
    assert not Chat.objects.exists()


def test_the_page_says_when_it_opens_again_and_offers_the_inquiry_first(service, agent, client) -> None:
    come_online(agent)
    hours(service, opens_in(120))

    page = Client().get("/hc/demo/chat/").content.decode()

    assert 'data-stage="out_of_hours"' in page
    assert "Chat is closed right now." in page
    assert "open again <time" in " ".join(page.split())
    assert "button-primary" in page
    assert "Contact Us" in page
    assert Client().post("/hc/demo/chat/open/").status_code == 204
    hours(service, ALWAYS)
    assert Client().post("/hc/demo/chat/open/").status_code == 200


def test_a_service_that_never_opens_says_no_time(service, agent) -> None:
    come_online(agent)
    hours(service, NEVER)
    assert "open again" not in Client().get("/hc/demo/chat/").content.decode()


def test_a_form_that_was_open_when_it_closed_keeps_what_was_typed(service, agent, policy) -> None:
    come_online(agent)
    hours(service, NEVER)
    typed = {"name": "Jun", "message": "Hello", "policy": policy.pk, "agree": "on"}

    answer = Client().post("/hc/demo/chat/start/", typed)

    assert answer.status_code == 409
    assert 'data-stage="out_of_hours"' in answer.content.decode()
    assert not Chat.objects.exists()


def test_a_chat_that_has_begun_goes_on(transactional_db, service, agent) -> None:
    waiting, active = be_here(chat=make_chat(service)), make_chat(service, agent=agent)
    hours(service, NEVER)
    come_online(agent)

    tick()
    assert state_of(active) == (Chat.State.ACTIVE, agent.pk)
    assert state_of(waiting) == (Chat.State.RINGING, agent.pk)
    answer_chat(agent, waiting.pk)


def test_whoever_waits_for_nobody_outside_of_the_hours_reads_when_it_opens(service) -> None:
    chat = be_here(chat=make_chat(service))
    hours(service, opens_in(120))
    offer_inquiries()
    chat = Chat.objects.select_related("service", "customer").get(pk=chat.pk)

    frame = frames.status_frame(chat, "en", place=1, closed=opening.closed_for(chat))

    assert "Chat is closed right now." in frame.html
    assert "Agents is absent" not in frame.html
    assert "open again" in frame.html


@pytest.mark.parametrize(
    ("days", "english", "korean"),
    [
        (0, "today at 9:05", "오늘 9:05"),
        (1, "tomorrow at 9:05", "내일 9:05"),
        (9, "on ", "일 9:05"),
    ],
)
def test_the_opening_in_words(days, english, korean) -> None:
    at = clock.database_now().astimezone(SEOUL).replace(hour=9, minute=5) + timedelta(days=days)
    closed = ClosedUntil(at, SEOUL)
    assert english in opening_words(closed)
    with translation.override("ko"):
        assert korean in opening_words(closed)


def test_a_day_of_the_next_days_is_said_by_its_name() -> None:
    at = clock.database_now().astimezone(SEOUL).replace(hour=9, minute=0) + timedelta(days=3)
    assert f"on {at:%A} at 9:00" in opening_words(ClosedUntil(at, SEOUL))


# Edges


def test_the_worker_tells_desks_and_who_waits_for_nobody_when_an_edge_passes(service, agent, told) -> None:
    come_online(agent)
    waiting = make_chat(service, inquiry_offer=Chat.InquiryOffer.ABSENT)
    row = hours(service, ALWAYS, next_edge_at=clock.database_now() - timedelta(seconds=1))

    with committed():
        opening.pass_edges()

    assert {f"agent.{agent.pk}", f"chat.{waiting.pk}"} <= {topic for topic, _delivery in told}
    row.refresh_from_db()
    assert row.next_edge_at is None
    told.clear()
    with committed():
        opening.pass_edges()
    assert not told


def test_the_next_edge_is_noted_with_every_change(service, admin) -> None:
    week = opens_in(120)
    opening.set_hours(admin, {"is_on": True, "zone": "UTC", "week": week})
    row = OperatingHours.objects.get()
    assert row.next_edge_at == opening.schedule_from(row).next_edge(clock.database_now())
    opening.set_hours(admin, {"is_on": False, "zone": "UTC", "week": week})
    assert OperatingHours.objects.get().next_edge_at is None


# Until the next edge


def test_an_admin_opens_until_the_hours_begin(service, agent, admin, policy) -> None:
    come_online(agent)
    hours(service, opens_in(120))

    opening.override_until_edge(admin, True)

    assert start_chat(make_customer(service), policy=policy, language="en").is_open
    row = OperatingHours.objects.get()
    assert row.override_until == opening.schedule_from(row).scheduled_edge(clock.database_now())
    opening.override_until_edge(admin, None)
    assert opening.closed_until(service.pk)
    record = AuditEntry.objects.filter(action="operating_hours.override").order_by("pk")
    assert [entry.details["open"] for entry in record] == [True, None]


def test_an_admin_closes_until_the_hours_end(service, agent, admin) -> None:
    hours(service, opens_in(-10))
    assert opening.closed_until(service.pk) is None

    opening.override_until_edge(admin, False)

    closed = opening.closed_until(service.pk)
    assert closed
    assert closed.opens_at > OperatingHours.objects.get().override_until


def test_without_an_edge_there_is_nothing_to_end_with(service, admin) -> None:
    hours(service, ALWAYS)
    with pytest.raises(Conflict):
        opening.override_until_edge(admin, False)


# The page


def week_form(**changes) -> dict:
    fields = {"is_on": "on", "zone": "Asia/Seoul", "open_0": "on", "start_0": "09:00", "end_0": "18:00"}
    fields |= {"break_start_0": "12:00", "break_end_0": "13:00", "open_4": "on", "start_4": "22:00", "end_4": "02:00"}
    return {name: value for name, value in {**fields, **changes}.items() if value is not None}


def test_a_week_is_saved_and_shown_again(client, service, admin) -> None:
    assert client.post(PATH, week_form()).status_code == 302

    row = OperatingHours.objects.get()
    assert row.week == [[[540, 720], [780, 1080]], [], [], [], [[1320, 1560]], [], []]
    [entry] = AuditEntry.objects.filter(action="operating_hours.change")
    assert (entry.agent, set(entry.details)) == (admin, {"is_on", "week"})
    page = client.get(PATH).content.decode()
    for value in ("09:00", "12:00", "13:00", "18:00", "22:00", "02:00"):
        assert f'value="{value}"' in page
    assert client.post(PATH, week_form()).status_code == 302
    assert AuditEntry.objects.filter(action="operating_hours.change").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start_0": None}, "start_0"),
        ({"end_0": ""}, "end_0"),
        ({"break_end_0": ""}, "break_end_0"),
        ({"break_start_0": "08:00"}, "break_start_0"),
        ({"break_end_0": "18:00"}, "break_start_0"),
        ({"start_0": "25:00"}, "start_0"),
        ({"zone": "Nowhere/Land"}, "zone"),
    ],
)
def test_what_is_wrong_is_shown_where_it_is(client, changes, field) -> None:
    answer = client.post(PATH, week_form(**changes))
    assert answer.status_code == 200
    assert set(answer.context["form"].errors) == {field}
    assert not OperatingHours.objects.exists()


def test_the_same_time_is_a_whole_day(client) -> None:
    client.post(PATH, week_form(start_0="00:00", end_0="00:00", break_start_0=None, break_end_0=None))
    assert OperatingHours.objects.get().week[0] == [[0, DAY]]


def test_two_admins_with_the_page_open_do_not_overwrite_each_other(client) -> None:
    client.post(PATH, week_form())
    seen = opening.hours_stamp(OperatingHours.objects.get())
    client.post(PATH, week_form(start_0="10:00"))

    answer = client.post(PATH, week_form(start_0="11:00", seen=seen))

    assert "Someone else changed this" in answer.content.decode()
    assert OperatingHours.objects.get().week[0][0] == [600, 720]


def test_special_days_come_and_go(client, service, admin) -> None:
    day = clock.database_now().date() + timedelta(days=30)
    form = {"day": day.isoformat(), "name": "Stocktaking", "open_special": "on"}
    form |= {"start_special": "10:00", "end_special": "14:00"}
    client.post(f"{PATH}days/", form)
    [special] = SpecialDay.objects.all()
    assert (special.day, special.name, special.spans) == (day, "Stocktaking", [[600, 840]])
    assert "10:00–14:00" in client.get(PATH).content.decode()

    client.post(f"{PATH}days/", {"day": day.isoformat(), "name": "Closed"})
    assert SpecialDay.objects.get().spans == []
    client.post(f"{PATH}days/remove/", {"day": day.isoformat()})
    assert not SpecialDay.objects.exists()


@pytest.mark.parametrize("day", ["2020-01-01", "", "never"])
def test_no_day_that_is_over_or_none(client, day) -> None:
    assert client.post(f"{PATH}days/", {"day": day}).status_code == 200
    assert not SpecialDay.objects.exists()


def test_public_holidays_are_a_proposal(client) -> None:
    page = client.get(PATH)
    proposed = list(page.context["proposed"])
    assert len(proposed) > 10
    chosen = [day.isoformat() for day in proposed[:2]]

    client.post(f"{PATH}holidays/", {"days": chosen})

    assert list(SpecialDay.objects.order_by("day").values_list("day", flat=True)) == proposed[:2]
    assert list(client.get(PATH).context["proposed"]) == proposed[2:]
    client.post(f"{PATH}holidays/", {"days": ["2019-03-05"]})
    assert SpecialDay.objects.count() == 2


def test_a_holiday_that_a_service_has_hours_for_stays_as_it_is(service, admin) -> None:
    day = clock.database_now().date() + timedelta(days=9)
    opening.set_special_day(admin, day, name="Open", spans=[(600, 700)])
    opening.close_on(admin, {day: "Holiday"})
    assert SpecialDay.objects.get().spans == [[600, 700]]


def test_holidays_are_named_in_the_readers_language() -> None:
    christmas = date(2026, 12, 25)
    assert holidays_ahead(date(2026, 12, 1), language="ko")[christmas] == "기독탄신일"
    assert holidays_ahead(date(2026, 12, 1), language="en")[christmas] == "Christmas Day"
    assert christmas not in holidays_ahead(date(2026, 12, 1), language="en", without={christmas})


def test_the_number_of_special_days_is_bounded(service, admin, monkeypatch) -> None:
    monkeypatch.setattr(opening, "DAYS_MAX", 2)
    today = clock.database_now().date()
    opening.close_on(admin, {today: "", today + timedelta(days=1): ""})
    opening.set_special_day(admin, today, name="again", spans=[])
    with pytest.raises(Invalid):
        opening.set_special_day(admin, today + timedelta(days=2), name="", spans=[])


ADDRESSES = ["", "now/", "days/", "days/remove/", "holidays/"]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("who", ["agent", "outsider"])
def test_nothing_is_there_for_who_is_no_admin_here(request, service, sign_in, who, address) -> None:
    hours(service, NEVER)
    client = sign_in(request.getfixturevalue(who))
    answers = [client.post(PATH + address, {"until_edge": "open", **week_form()}), client.get(PATH)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert OperatingHours.objects.get().week == NEVER


def test_who_is_no_admin_any_more_changes_nothing(service, admin) -> None:
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)
    day = clock.database_now().date()
    acts = [
        partial(opening.set_hours, admin, {"is_on": True, "zone": "UTC", "week": ALWAYS}),
        partial(opening.set_special_day, admin, day, name="", spans=[]),
        partial(opening.close_on, admin, {day: ""}),
        partial(opening.remove_special_day, admin, day),
        partial(opening.override_until_edge, admin, False),
    ]
    for act in acts:
        with pytest.raises(Closed):
            act()
    assert not SpecialDay.objects.exists()


def test_another_services_hours_close_nothing_here(service, outsider) -> None:
    hours(outsider.service, NEVER)
    assert opening.closed_until(service.pk) is None


# The desk


def test_the_chat_widget_says_that_chat_is_closed(service, agent) -> None:
    hours(service, opens_in(120))
    frame = frames.desk_frame(frames.agent_of_desk(agent.pk), "en", closed=opening.closed_until(service.pk))
    assert "Chat is closed: no new chats come." in frame.html
    assert "It opens <time" in " ".join(frame.html.split())
    assert "closed" not in frames.desk_frame(frames.agent_of_desk(agent.pk), "en").html


def test_chat_check_says_so(client, service) -> None:
    assert 'data-check="hours" data-done="true"' in client.get("/desk/demo/chat/check/").content.decode()
    hours(service, NEVER)
    assert 'data-check="hours" data-done="false"' in client.get("/desk/demo/chat/check/").content.decode()
