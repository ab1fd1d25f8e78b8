"""Canned responses for tests."""

from agents.models import Agent, Service
from chat.canned_response import CannedResponse


def make_response(service: Service, name: str = "hello", text: str = "Hello {customer}!", **fields) -> CannedResponse:
    fields.setdefault("texts", {"en": text})
    return CannedResponse.objects.create(service=service, name=name, **fields)


def form_of(name: str = "refund", *, whose: str = "everyone", **fields) -> dict[str, str]:
    """What the form sends."""
    return {"name": name, "text_en": "A refund takes three days.", "text_ko": "", "whose": whose, "file": "", **fields}


def names_of(responses) -> list[str]:
    return sorted(response.name for response in responses)


def own(agent: Agent, name: str = "mine", text: str = "Mine", **fields) -> CannedResponse:
    return make_response(agent.service, name, text, owner=agent, **fields)
