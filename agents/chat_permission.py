"""The rule of who may chat, in one place: gates one and three, the contract and the agent's own permission.

``CONDITIONS`` is the rule. Querysets, a loaded agent and SQL written by hand all read it: a condition that is added
here holds everywhere.
"""

from itertools import groupby
from operator import attrgetter

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from agents.models import Agent, Service, User
from contiple.base.errors import Closed

# A boolean field, as a path from ``Agent``, and the value it must have.
CONDITIONS = {
    "is_active": True,
    "chat_permission": True,
    "user__is_active": True,
    "service__is_stopped": False,
    "service__contract__chat": True,
}
_RELATED: dict[str, type[User] | type[Service]] = {"user": User, "service": Service}
# The names by which SQL written by hand joins the tables of these paths.
_ALIASES = {"": "agent", "user": "person", "service": "service", "service__contract": "contract"}


def may_chat(agent: Agent) -> bool:
    """Says whether this agent, as loaded with its service and contract, may chat."""
    return all(_value(agent, path) == wanted for path, wanted in CONDITIONS.items())


def require_chat(agent: Agent) -> None:
    """Raises ``Closed`` unless this agent, as loaded with its service and contract, may chat."""
    if not may_chat(agent):
        raise Closed(_("You no longer have the chat permission."))


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
        wanted_there = {path.partition("__")[2]: CONDITIONS[path] for path in paths}
        condition &= Q(Exists(_RELATED[relation].objects.filter(pk=OuterRef(relation), **wanted_there)))
    return condition


def chat_permitted_sql() -> str:
    """The rule for a query that joins the tables as ``agent``, ``person``, ``service`` and ``contract``."""
    return " AND ".join(f"{'' if wanted else 'NOT '}{_column(path)}" for path, wanted in CONDITIONS.items())


def _value(agent: Agent, path: str) -> bool:
    return attrgetter(path.replace("__", "."))(agent)


def _column(path: str) -> str:
    relation, _, name = path.rpartition("__")
    return f"{_ALIASES[relation]}.{name}"
