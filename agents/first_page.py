"""Where a person lands in a service: *Getting started* while an admin has to set it up, the tickets otherwise."""

from django.urls import reverse

from agents.models import Agent


def is_getting_started(agent: Agent) -> bool:
    """Says whether the agent is shown *Getting started*: admins are, until it is done or one of them closes it.

    A service whose help center nobody has opened is a new one. Makes no query for a membership out of ``access``.
    """
    help_center = getattr(agent.service, "help_center", None)
    return agent.is_admin and (help_center is None or help_center.getting_started)


def first_page(agent: Agent) -> str:
    """Returns the address of the page."""
    return reverse("first_day:start" if is_getting_started(agent) else "tickets:list", args=[agent.service.slug])
