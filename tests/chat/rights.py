"""What takes from an agent the right to chat, by rows: nothing of the product is told."""

from agents.models import Agent, Contract, Service, User


def without_permission(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(chat_permission=False)


def without_contract(agent: Agent) -> None:
    Contract.objects.update(chat=False)


def out_of_the_service(agent: Agent) -> None:
    Agent.objects.filter(pk=agent.pk).update(is_active=False)


def stopped(agent: Agent) -> None:
    Service.objects.update(is_stopped=True)


def account_closed(agent: Agent) -> None:
    User.objects.filter(pk=agent.user_id).update(is_active=False)


TAKEN = [without_permission, without_contract, out_of_the_service, stopped]
