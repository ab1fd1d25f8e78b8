"""What a customer without a chat sees: the start form, or why there is none."""

from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language

from chat.customer.forms import StartForm
from chat.routing import opening, presence
from chat.routing.topics import active_topics, without_agents
from chat.topics import Topic
from helpcenter.access import chat_gate_open
from helpcenter.members.tokens import Member
from helpcenter.policies import current_policy


def stage_of(
    request: HttpRequest, context: dict[str, Any], *, data: QueryDict | None = None, member: Member | None = None
) -> dict[str, Any]:
    """The context of the stage. ``?topic=`` names the queue that the page around the chat has chosen.

    ``data`` is the form as it was sent; a ``member`` is not asked for a name.
    """
    service = context["service"]
    policy = current_policy(context["help_center"], get_language())
    if not chat_gate_open(service) or policy is None:
        return {"stage": "unavailable"}
    if closed := opening.closed_until(service.pk):
        return {"stage": "out_of_hours", "closed": closed}
    topics = active_topics(service)
    preset = next((topic for topic in topics if topic.key == request.GET.get("topic")), None)
    if not presence.somebody_online(service, preset.pk if preset else None):
        return absent(preset)
    form = StartForm(data, policy=policy, member=member)
    form.offer(topics, preset=preset, absent=without_agents(service, topics) if topics else set())
    return {"stage": "start", "policy": policy, "form": form}


def absent(topic: Topic | None) -> dict[str, Any]:
    """Nobody is there, for any chat or for those of a topic."""
    return {"stage": "absent", "absent_topic": topic}
