"""The form of a queue: its names, its key, and the agents who are assigned to it."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from agents.forms import RefusableForm
from agents.models import Agent, Service
from chat.topics import Topic
from contiple.base.names import NamesForm

AGENTS_HELP = _(
    "They get the chats of their queues alone. Agents who are assigned to no queue get the chats of all queues."
)


class TopicForm(RefusableForm, NamesForm):
    is_active = forms.BooleanField(
        label=_("Active"),
        required=False,
        help_text=_("Customers can choose this queue when they start a chat. One that is not active can be removed."),
    )
    key = forms.SlugField(
        label=_("Key"),
        required=False,
        max_length=40,
        help_text=_("Names the queue in the line for other sites (data-topic). Leave empty to have one made."),
    )

    def __init__(self, data: Any, *, service: Service, topic: Topic | None = None) -> None:
        super().__init__(data, written=topic.names if topic else {})
        agents = Agent.objects.filter(service=service, is_active=True, user__is_active=True, chat_permission=True)
        self.fields["agents"] = forms.ModelMultipleChoiceField(
            label=_("Agents"),
            queryset=agents.select_related("user").order_by("user__name", "pk"),
            required=False,
            widget=forms.CheckboxSelectMultiple,
            help_text=AGENTS_HELP,
        )
        self.initial.update(is_active=topic.is_active if topic else True, key=topic.key if topic else "")
        self.initial["agents"] = [agent.pk for agent in topic.agents.all()] if topic else []

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("names", "key", "is_active", "agents")}
