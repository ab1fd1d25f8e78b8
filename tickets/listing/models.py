"""What a ticket is found by, beside its own columns."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Q

from agents.models import Service


class ChatWords(models.Model):
    """The words of a ticket's chat as it was at ``rev``, to be found by (`chat_words`).

    Settled, if the chat has ended and nothing is to come.
    """

    ticket = models.OneToOneField("tickets.Ticket", models.CASCADE, primary_key=True, related_name="chat_words")
    service = models.ForeignKey(Service, models.CASCADE, related_name="+", db_index=False)
    words = SearchVectorField(null=True)
    rev = models.PositiveIntegerField(default=0)
    is_settled = models.BooleanField(default=False)

    class Meta:
        indexes = [
            GinIndex(fields=["words"], name="chatwords_words"),
            models.Index(fields=["ticket"], condition=Q(is_settled=False), name="chatwords_due"),
        ]

    def __str__(self) -> str:
        return f"words of ticket {self.pk}"
