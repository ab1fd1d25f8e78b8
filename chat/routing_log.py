"""The routing log: the turns of the router, and what each decided for a chat."""

from django.db import models

from agents.models import Agent, Service


class RoutingRound(models.Model):
    """One turn of the router that decided something, with every agent's standing at its beginning."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="+")
    at = models.DateTimeField(db_index=True)
    seats = models.JSONField(default=list)  # of the agents who got a chat; `routing.packing` has its form
    others = models.BinaryField(null=True)  # of all others; NULL if the release before has written everybody to `seats`

    def __str__(self) -> str:
        return f"round {self.pk}"


class RoutingDecision(models.Model):
    """A round's decision for one chat: the agent it rings at, or why it goes on waiting (``decisions.Reason``).

    Or who took it by hand: ``taken_by`` has that one and ``agent`` nobody, since the release before looks up the reason
    of every agent, and knows none for this.
    """

    round = models.ForeignKey(RoutingRound, models.CASCADE, related_name="decisions")
    chat = models.ForeignKey("chat.Chat", models.CASCADE, related_name="+", db_index=False)
    agent = models.ForeignKey(Agent, models.CASCADE, null=True, blank=True, related_name="+", db_index=False)
    # Without a constraint, whose check would lock the agents' table.
    taken_by = models.ForeignKey(
        Agent, models.CASCADE, null=True, blank=True, related_name="+", db_index=False, db_constraint=False
    )
    reason = models.CharField(max_length=12)
    resting = models.JSONField(default=list, blank=True)  # ids of the agents who had let this chat ring just before

    class Meta:
        indexes = [models.Index(fields=["chat", "-id"], name="decision_of_chat")]

    def __str__(self) -> str:
        return f"decision {self.pk}"
