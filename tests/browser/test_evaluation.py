"""The end of a chat in both windows: its evaluation, asked for and given; the conversation saved and mailed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Locator, expect

from agents.models import OutgoingMail
from chat.evaluation import Evaluation
from chat.models import Chat
from tests.browser.conftest import PHONE
from tests.browser.rows import make_agent_with_chat
from tests.browser.windows import Desk, HelpCenter, Screens


def form(center: HelpCenter) -> Locator:
    return center.panel.locator("[data-part=evaluation] form")


def given(center: HelpCenter) -> Locator:
    return center.panel.locator("[data-part=given]")


def step(center: HelpCenter, name: str) -> Locator:
    return form(center).get_by_role("radio", name=name, exact=True)


def end(desk: Desk) -> None:
    desk.tool("end").click()
    desk.popup.get_by_role("button", name="End chat").click()
    expect(desk.dialog.locator(".composer-closed")).to_be_visible()


@pytest.fixture
def talking(screens) -> Screens:
    return screens("Where is my parcel?")


def test_the_agent_asks_and_sees_the_answer_arrive(talking: Screens) -> None:
    desk, center, chat = talking.desk, talking.center, talking.chat

    expect(form(center)).to_be_hidden()
    desk.tool("ask-evaluation").click()
    expect(form(center)).to_be_visible()
    expect(desk.tool("ask-evaluation")).to_have_count(0)
    step(center, "Good").check()
    form(center).get_by_label("Comment (optional)").fill("Quick and kind. My card is 4111 1111 1111 1111.")
    form(center).get_by_role("button", name="Send evaluation").click()

    expect(given(center)).to_contain_text("Good (4/5)")
    expect(given(center)).to_be_focused()
    expect(desk.chat.messages.last).to_contain_text("Good (4/5)")
    expect(desk.chat.messages.last).to_contain_text("Quick and kind. My card is *******************.")
    expect(desk.customer).to_contain_text("Good (4/5)")
    expect(center.chat.composer).to_be_visible()
    assert Evaluation.objects.get(chat=chat).score == 4


@pytest.mark.parametrize("locale", ["en-US", "ko-KR"])
def test_every_button_of_the_composer_has_room_in_the_dialog(screens, locale: str) -> None:
    desk = screens("Where is my parcel?", locale=locale).desk
    expect(desk.tool("ask-evaluation")).to_be_visible()
    box, send = (desk.dialog.locator(each).bounding_box() for each in (".composer-box", ".composer-send"))
    assert box
    assert send
    assert send["x"] + send["width"] <= box["x"] + box["width"]


def test_the_end_asks_by_itself_and_the_answer_changes(talking: Screens) -> None:
    desk, center, chat = talking.desk, talking.center, talking.chat
    end(desk)

    expect(form(center)).to_be_visible()
    step(center, "Poor").check()
    form(center).get_by_role("button", name="Send evaluation").click()
    expect(desk.chat.messages.last).to_contain_text("Poor (2/5)")
    given(center).get_by_role("button", name="Change").click()
    expect(step(center, "Poor")).to_be_checked()
    step(center, "Excellent").check()
    form(center).get_by_role("button", name="Send evaluation").click()

    expect(given(center)).to_contain_text("Excellent (5/5)")
    expect(desk.chat.messages.filter(has_text="Poor")).to_have_count(0)
    expect(desk.chat.messages.last).to_contain_text("Excellent (5/5)")
    center.page.reload()
    center.open()
    expect(given(center)).to_contain_text("Excellent (5/5)")
    assert Evaluation.objects.get(chat=chat).score == 5


def test_the_steps_are_chosen_by_the_keyboard_alone(talking: Screens) -> None:
    desk, center = talking.desk, talking.center
    desk.tool("ask-evaluation").click()
    expect(form(center)).to_be_visible()

    step(center, "Very poor").focus()
    for _ in range(3):
        center.page.keyboard.press("ArrowRight")
    expect(step(center, "Good")).to_be_checked()
    center.page.keyboard.press("Tab")
    expect(form(center).get_by_label("Comment (optional)")).to_be_focused()
    for _ in range(2):
        center.page.keyboard.press("Tab")
    expect(form(center).get_by_role("button", name="Send evaluation")).to_be_focused()
    center.page.keyboard.press("Enter")

    expect(given(center)).to_be_focused()


def test_put_away_it_is_opened_again(talking: Screens) -> None:
    desk, center = talking.desk, talking.center
    desk.tool("ask-evaluation").click()
    expect(form(center)).to_be_visible()

    form(center).get_by_role("button", name="Not now").click()
    expect(form(center)).to_be_hidden()
    expect(center.chat.composer).to_be_focused()
    given(center).get_by_role("button", name="Evaluate").click()

    expect(step(center, "Very poor")).to_be_focused()


def test_nothing_is_sent_without_a_step(talking: Screens) -> None:
    desk, center, chat = talking.desk, talking.center, talking.chat
    end(desk)
    form(center).get_by_role("button", name="Send evaluation").click()
    expect(form(center).get_by_role("alert")).to_have_text("Please choose one of the five steps.")
    step(center, "Good").check()
    expect(form(center).get_by_role("alert")).to_be_hidden()
    assert not Evaluation.objects.filter(chat=chat).exists()


def test_what_is_masked_by_hand_in_a_comment_is_masked_where_it_was_written(talking: Screens) -> None:
    desk, center = talking.desk, talking.center
    desk.tool("ask-evaluation").click()
    step(center, "Good").check()
    form(center).get_by_label("Comment (optional)").fill("Ask my wife Jiwon.")
    form(center).get_by_role("button", name="Send evaluation").click()
    body = desk.chat.messages.last.locator(".message-body")
    expect(body).to_have_text("Ask my wife Jiwon.")

    desk.mask_text(body, "Jiwon")

    expect(body).to_have_text("Ask my wife *****.")
    expect(form(center).locator("textarea")).to_have_value("Ask my wife *****.")
    expect(center.chat.messages.last).to_contain_text("Ask my wife *****.")


@pytest.mark.parametrize("window", [PHONE, {"width": 640, "height": 360}], ids=["phone", "landscape"])
def test_on_a_phone_everything_is_within_reach(talking: Screens, window) -> None:
    desk, center = talking.desk, talking.center
    center.page.set_viewport_size(window)
    end(desk)

    step(center, "Good").check()
    send = form(center).get_by_role("button", name="Send evaluation")
    send.scroll_into_view_if_needed()
    expect(send).to_be_in_viewport()
    for label in form(center).locator(".evaluation-step").all():
        box = label.bounding_box()
        assert box["width"] >= 44
        assert box["height"] >= 44
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not center.frame.evaluate(wide)
    send.click()
    expect(given(center)).to_be_visible()


def test_the_conversation_is_saved_while_it_runs_and_after(talking: Screens) -> None:
    desk, center = talking.desk, talking.center
    center.panel.locator("[data-part=more] summary").click()
    with center.page.expect_download() as running:
        center.panel.get_by_role("button", name="Save conversation").click()
    end(desk)
    with center.page.expect_download() as ended:
        center.panel.get_by_role("button", name="Save conversation").click()

    assert running.value.suggested_filename.startswith("Demo-help-")
    text = ended.value.path().read_text(encoding="utf-8-sig")
    assert "Where is my parcel?" in text
    assert "(UTC+09:00)" in text
    assert "Mina ended the chat." in text


def test_the_conversation_is_mailed_to_the_address_of_the_start(talking: Screens) -> None:
    desk, center = talking.desk, talking.center
    end(desk)

    center.panel.get_by_role("button", name="Send to my e-mail").click()

    expect(center.panel.locator("[data-part=notice]")).to_contain_text("on its way to jun@example.com")
    mail = OutgoingMail.objects.get()  # without its text, if the worker has sent it
    assert (mail.kind, mail.to) == ("transcript", ["jun@example.com"])


def test_a_new_chat_has_name_and_address_filled_in(service, new_page) -> None:
    make_agent_with_chat(service, customer="Somebody else")
    center = HelpCenter(new_page("/hc/demo/"))
    center.start(name="Jun Park", email="jun@example.com", message="Where is my parcel?")
    center.panel.get_by_role("button", name="Leave the queue").click()
    center.panel.get_by_role("dialog").get_by_role("button", name="Leave the queue").click()

    center.panel.get_by_role("button", name="Start a new chat").click()

    start = center.stage("start")
    expect(start.locator("[name=name]")).to_have_value("Jun Park")
    expect(start.locator("[name=email]")).to_have_value("jun@example.com")
    expect(start.locator("[name=message]")).to_have_value("")
    expect(start.locator("[name=agree]")).not_to_be_checked()


def test_a_chat_that_is_not_evaluated_any_more_says_so(talking: Screens) -> None:
    desk, center, chat = talking.desk, talking.center, talking.chat
    end(desk)
    expect(form(center)).to_be_visible()
    Chat.objects.filter(pk=chat.pk).update(closed_at=timezone.now() - timedelta(days=8))

    step(center, "Good").check()
    form(center).get_by_role("button", name="Send evaluation").click()

    expect(form(center).get_by_role("alert")).to_have_text("This chat can’t be evaluated.")
