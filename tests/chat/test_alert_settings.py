"""How an agent is told of chats is the agent's own: who may change it, and what is refused."""

import pytest

from agents.models import Agent
from chat.alerts import AlertSettings
from chat.conversation import frames, live

pytestmark = pytest.mark.django_db

PATH = "/desk/demo/chat/alerts/"
SENT = {"ring_sound": "on", "volume": "30"}


def test_an_agent_changes_the_own_settings_and_every_tab_is_told(agent, colleague, sign_in, told) -> None:
    assert sign_in(agent).post(PATH, SENT).status_code == 204
    row = AlertSettings.objects.get()
    assert (row.agent, row.ring_sound, row.message_sound, row.volume, row.notifications) == (
        agent, True, False, 30, False
    )  # fmt: skip
    assert (live.agent_topic(agent.pk), live.Touched()) in told
    html = frames.desk_frame(frames.agent_of_desk(agent.pk), "en").html
    for shown in ('ring-sound="on"', 'message-sound="off"', 'volume="30"', 'notifications="off"'):
        assert f"data-{shown}" in html
    assert 'data-message-sound="on"' in frames.desk_frame(frames.agent_of_desk(colleague.pk), "en").html


@pytest.mark.parametrize("volume", ["101", "-1", "loud", ""])
def test_what_is_no_volume_is_refused(agent, sign_in, volume) -> None:
    assert sign_in(agent).post(PATH, SENT | {"volume": volume}).status_code == 400
    assert not AlertSettings.objects.exists()


def test_the_outsider_nobody_and_who_may_not_chat_change_nothing(agent, outsider, sign_in, client) -> None:
    assert sign_in(outsider).post(PATH, SENT).status_code == 404
    assert client.post(PATH, SENT).status_code == 302
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)
    assert sign_in(agent).post(PATH, SENT).status_code == 403
    assert sign_in(agent).get(PATH).status_code == 405
    assert not AlertSettings.objects.exists()
