"""Service Management / Chat: assignment, the queue, silent customers; and who may set them."""

from functools import partial

import pytest
from django.test import Client

from agents.models import Agent, AuditEntry, Service
from chat.models import ChatSettings
from chat.routing.chat_settings import FIELDS, change_chat_settings, chat_settings_of
from chat.routing.forms import MESSAGES, SECTIONS
from contiple.base.errors import Closed, Conflict, Invalid
from helpcenter.models import HelpCenter
from tests.agents.race import at_once

PATH = "/desk/demo/chat/settings/"
NEW = {
    "assign_recent_agent": True,
    "queue_limit": 20,
    "longest_wait_minutes": 10,
    "answer_target_minutes": 4,
    "idle_reminder_minutes": 3,
    "idle_close_minutes": 4,
    "mail_unread": False,
    "mail_unread_minutes": 7,
    "category_required": True,
    "evaluation_on": False,
    "evaluation_messages": {"ko": "어떠셨나요?"},
    "files_on": True,
    "file_pictures": True,
    "file_documents": False,
    "file_audio": True,
    "file_video": True,
    "file_archives": True,
    "file_size_mb": 25,
    "file_count": 200,
    "files_kept_days": 0,
    "follow_page_policy": 1,
}

AS_SENT = NEW | {
    "assign_recent_agent": "on",
    "mail_unread": None,
    "category_required": "on",
    "evaluation_on": None,
    "evaluation_messages": None,
    "evaluation_message_ko": "  어떠셨나요?\r\n",
    "file_documents": None,
    "file_archives": "on",
    "follow_page_policy": None,
    "follow_page": "on",
    "seen_policy": "1",
}


@pytest.fixture
def client(admin, sign_in) -> Client:
    return sign_in(admin)


def saved(**changes) -> dict:
    """The page's form as a browser sends it, with ``changes``; ``None`` leaves a field out."""
    fields = {
        "queue_limit": "0",
        "longest_wait_minutes": "0",
        "answer_target_minutes": "3",
        "idle_reminder_minutes": "5",
        "idle_close_minutes": "15",
        "evaluation_on": "on",
        "evaluation_message_en": "",
        "evaluation_message_ko": "",
        "mail_unread": "on",
        "mail_unread_minutes": "5",
        **dict.fromkeys(("files_on", "file_pictures", "file_documents", "file_audio", "file_video"), "on"),
        "file_size_mb": "10",
        "file_count": "30",
        "files_kept_days": "365",
    } | changes
    return {name: value for name, value in fields.items() if value is not None}


def errors(response) -> set[str]:
    assert response.status_code == 200
    return set(response.context["form"].errors)


def now() -> dict:
    return ChatSettings.objects.values(*FIELDS).get(service__slug="demo")


def test_the_page_shows_every_setting() -> None:
    shown = {name for _title, rows in SECTIONS for row in rows for name in row} - set(MESSAGES.values())
    assert sorted(shown - {"follow_page"} | {"evaluation_messages", "follow_page_policy"}) == sorted(FIELDS)


def test_everything_is_saved_and_on_record_by_name(client, service, admin) -> None:
    response = client.post(PATH, saved(**AS_SENT))

    assert response.url == PATH
    assert now() == NEW
    entry = AuditEntry.objects.get()
    subject = f"chat_settings:{service.chat_settings.pk}"
    assert (entry.action, entry.agent, entry.subject) == ("chat_settings.change", admin, subject)
    assert entry.details == {
        "assign_recent_agent": [False, True],
        "queue_limit": [0, 20],
        "longest_wait_minutes": [0, 10],
        "answer_target_minutes": [3, 4],
        "idle_reminder_minutes": [5, 3],
        "idle_close_minutes": [15, 4],
        "category_required": [False, True],
        "evaluation_on": [True, False],
        "evaluation_messages": [{}, {"ko": "어떠셨나요?"}],
        "mail_unread": [True, False],
        "mail_unread_minutes": [5, 7],
        "file_documents": [True, False],
        "file_archives": [False, True],
        "file_size_mb": [10, 25],
        "file_count": [30, 200],
        "files_kept_days": [365, 0],
        "follow_page_policy": [None, 1],
    }
    client.post(PATH, saved(**AS_SENT | {"assign_recent_agent": None}))
    assert not now()["assign_recent_agent"]


def test_zero_switches_each_of_them_off(client, service) -> None:
    zero = dict.fromkeys(("queue_limit", "longest_wait_minutes", "idle_reminder_minutes", "idle_close_minutes"), 0)
    ChatSettings.objects.update(queue_limit=5, longest_wait_minutes=5)

    client.post(PATH, saved(**zero))

    assert {name: now()[name] for name in zero} == zero


@pytest.mark.parametrize(("reminder", "close"), [("5", "5"), ("5", "4"), ("0", "15")])
def test_an_end_that_nobody_was_warned_of_is_refused(client, service, reminder, close) -> None:
    response = client.post(PATH, saved(idle_reminder_minutes=reminder, idle_close_minutes=close, queue_limit="7"))

    assert errors(response) == {"idle_close_minutes"}
    html = response.content.decode()
    assert f'value="{close}"' in html
    assert 'value="7"' in html
    assert (now()["idle_reminder_minutes"], now()["idle_close_minutes"], now()["queue_limit"]) == (5, 15, 0)


def test_a_reminder_may_stand_without_an_end(client, service) -> None:
    client.post(PATH, saved(idle_reminder_minutes="30", idle_close_minutes="0"))

    assert (now()["idle_reminder_minutes"], now()["idle_close_minutes"]) == (30, 0)


def test_the_page_says_what_assign_chat_does(client, service) -> None:
    html = client.get(PATH).content.decode()
    assert "Assign Chat" in html
    assert "If available, the agent with recent history with this customer comes first." in html


def test_saving_without_a_change_changes_nothing(client, service) -> None:
    client.post(PATH, saved())
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"queue_limit": "-1"},
        {"queue_limit": "10001"},
        {"queue_limit": None},
        {"longest_wait_minutes": "a few"},
        {"longest_wait_minutes": "1441"},
        {"idle_reminder_minutes": ""},
        {"idle_close_minutes": "1441"},
    ],
)
def test_what_is_wrong_is_shown_where_it_is_and_nothing_is_lost(client, service, wrong) -> None:
    other = "longest_wait_minutes" if "queue_limit" in wrong else "queue_limit"
    before = now()

    response = client.post(PATH, saved(**{other: "17"}, **wrong))

    assert errors(response) == set(wrong)
    assert 'value="17"' in response.content.decode()
    assert now() == before


def test_two_admins_with_the_page_open_do_not_overwrite_each_other(client, service) -> None:
    seen = client.get(PATH).context["form"]["seen"].value()
    client.post(PATH, saved(queue_limit="9", seen=seen))

    refused = client.post(PATH, saved(longest_wait_minutes="8", seen=seen))

    assert "Someone else changed this in the meantime" in refused.content.decode()
    assert (now()["queue_limit"], now()["longest_wait_minutes"]) == (9, 0)
    again = refused.context["form"]["seen"].value()
    assert client.post(PATH, saved(longest_wait_minutes="8", seen=again)).status_code == 302
    assert now()["longest_wait_minutes"] == 8


def test_the_navigation_and_the_page_in_korean(client, service) -> None:
    html = client.get(PATH, headers={"Accept-Language": "ko"}).content.decode()
    assert 'aria-current="page"' in html[html.index(f'href="{PATH}"') :][:80]
    assert "대기열" in html


@pytest.mark.parametrize("who", ["outsider", "agent"])
def test_no_page_is_there_for_who_is_no_admin_here(request, service, sign_in, who) -> None:
    client = sign_in(request.getfixturevalue(who))
    assert client.get(PATH).status_code == 404
    assert client.post(PATH, saved(queue_limit="1")).status_code == 404
    assert now()["queue_limit"] == 0


def test_nobody_is_sent_to_sign_in(service) -> None:
    assert "next=" in Client().get(PATH).url
    assert "next=" in Client().post(PATH, saved(queue_limit="1")).url
    assert now()["queue_limit"] == 0


def test_an_admin_changes_the_own_service_alone(service, outsider) -> None:
    change_chat_settings(by=outsider, values={"queue_limit": 3})

    assert list(ChatSettings.objects.order_by("service__slug").values_list("queue_limit", flat=True)) == [0, 3]


def test_who_is_no_admin_any_more_changes_nothing(service, admin) -> None:
    Agent.objects.filter(pk=admin.pk).update(role=Agent.Role.AGENT)

    with pytest.raises(Closed):
        change_chat_settings(by=admin, values={"queue_limit": 3})

    assert now()["queue_limit"] == 0


def test_the_operation_refuses_what_contradicts_a_setting_that_is_there(service, admin) -> None:
    with pytest.raises(Invalid) as refused:
        change_chat_settings(by=admin, values={"idle_reminder_minutes": 15})

    assert refused.value.code == "idle_close_minutes"
    assert now()["idle_reminder_minutes"] == 5


@pytest.mark.django_db(transaction=True)
def test_of_two_at_the_same_moment_one_is_told(service, admin) -> None:
    seen = "[false,0,0,3,5,15,true,5,false,true,{},true,true,true,true,true,false,10,30,365,null]"

    results = at_once(
        *(partial(change_chat_settings, by=admin, values={"queue_limit": limit}, seen=seen) for limit in (1, 2))
    )

    assert sorted(isinstance(result, Conflict) for result in results) == [False, True]
    assert AuditEntry.objects.count() == 1


@pytest.fixture
def without_row(service) -> Service:
    """A service that nobody has looked at: no help center and no settings of chat."""
    HelpCenter.objects.all().delete()
    ChatSettings.objects.all().delete()
    return Service.objects.get(pk=service.pk)


def test_the_first_look_makes_them_with_every_default(without_row) -> None:
    made = chat_settings_of(without_row)

    assert [getattr(made, name) for name in FIELDS] == [
        *(False, 0, 0, 3, 5, 15, True, 5, False, True, {}),
        *(True, True, True, True, True, False, 10, 30, 365, None),
    ]
    assert chat_settings_of(without_row) is made
    assert ChatSettings.objects.count() == 1


def test_the_operator_changes_them_under_the_same_rules(client, service) -> None:
    operator = Client()
    admin = service.agents.get(user__name="Ada").user
    admin.is_staff = admin.is_superuser = True
    admin.save(update_fields=["is_staff", "is_superuser"])
    operator.force_login(admin)
    path = f"/operator/chat/chatsettings/{service.chat_settings.pk}/change/"

    assert operator.get("/operator/chat/chatsettings/").status_code == 200
    refused = operator.post(path, saved(idle_close_minutes="2"))
    assert "The end must come after the reminder." in refused.content.decode()
    assert operator.post(path, saved(queue_limit="6")).status_code == 302
    assert now()["queue_limit"] == 6
    assert operator.post(path.replace("change", "delete"), {"post": "yes"}).status_code == 403
