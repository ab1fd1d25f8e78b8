"""Who may chat, said once: gates one and three, that is the contract and the agent's own permission.

``CONDITIONS`` is the rule. It is read as a queryset, of one loaded agent, and as text for SQL written by hand; a new
condition stands here and holds everywhere.
"""

from itertools import groupby

from django.db.models import Exists, OuterRef, Q, QuerySet

from agents.models import Agent

# A boolean field, as a path from ``Agent``, and the value it must have.
CONDITIONS = {
    "is_active": True,
    "chat_permission": True,
    "user__is_active": True,
    "service__is_stopped": False,
    "service__contract__chat": True,
}
# The names by which SQL written by hand joins the tables of these paths.
_ALIASES = {"": "agent", "user": "person", "service": "service", "service__contract": "contract"}


def may_chat(agent: Agent) -> bool:
    """Whether this agent, as it is loaded with its service and contract, may chat."""
    return all(_value(agent, path) == wanted for path, wanted in CONDITIONS.items())


def permitted_agents() -> QuerySet[Agent]:
    """The agents of every service who may chat, read now."""
    return Agent.objects.filter(chat_permitted())


def chat_permitted() -> Q:
    """The rule as a condition on ``Agent``.

    Other tables stand in subqueries, so that an UPDATE that has waited for the row checks its own columns again.
    """
    own = {path: wanted for path, wanted in CONDITIONS.items() if "__" not in path}
    condition = Q(**own)
    for relation, paths in groupby(sorted(CONDITIONS.keys() - own.keys()), key=lambda path: path.partition("__")[0]):
        related = Agent._meta.get_field(relation).related_model
        wanted_there = {path.partition("__")[2]: CONDITIONS[path] for path in paths}
        condition &= Q(Exists(related._default_manager.filter(pk=OuterRef(relation), **wanted_there)))
    return condition


def chat_permitted_sql() -> str:
    """The rule for a query that joins the tables as ``agent``, ``person``, ``service`` and ``contract``."""
    return " AND ".join(f"{'' if wanted else 'NOT '}{_column(path)}" for path, wanted in CONDITIONS.items())


def _value(agent: Agent, path: str) -> bool:
    value = agent
    for name in path.split("__"):
        value = getattr(value, name)
    return value


def _column(path: str) -> str:
    relation, _, name = path.rpartition("__")
    return f"{_ALIASES[relation]}.{name}"
