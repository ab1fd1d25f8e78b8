"""Words and addresses of the app above for pages of chat. All of them are empty if no app is registered."""

from django import template

from agents.models import Agent, Service
from chat import follow_ups as provider
from chat.models import Chat

register = template.Library()


@register.simple_tag
def follow_ups() -> provider.FollowUps:
    """What is registered, for its words and its icon."""
    return provider.registered()


@register.simple_tag
def create_url(agent: Agent, chat: Chat) -> str:
    return provider.registered().create_url(agent, chat)


@register.simple_tag
def inquiry_url(service: Service) -> str:
    return provider.registered().inquiry_url(service)


@register.simple_tag
def inquiry_from_chat_url(service: Service) -> str:
    return provider.registered().inquiry_from_chat_url(service)
