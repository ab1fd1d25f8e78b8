"""The rows of blocks: whom a service doesn't want to hear from. ``abuse.blocks`` asks them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from agents.models import Agent, Service
from helpcenter.models import Customer


class Block(models.Model):
    """A customer, or a network by its keyed hash, that can't write to the service until ``until`` (NULL: for good)."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="blocks")
    customer = models.ForeignKey(Customer, models.CASCADE, null=True, blank=True, related_name="blocks")
    network = models.CharField(max_length=32, blank=True)
    chat = models.ForeignKey("chat.Chat", models.SET_NULL, null=True, blank=True, related_name="+")  # the occasion
    reason = models.CharField(max_length=200)
    created_by = models.ForeignKey(Agent, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "chat"
        constraints = [
            models.CheckConstraint(
                condition=Q(customer=None) & ~Q(network="") | Q(customer__isnull=False, network=""), name="block_of_one"
            )
        ]
        indexes = [models.Index(fields=["service", "network"], condition=~Q(network=""), name="block_of_network")]

    def __str__(self) -> str:
        return f"block {self.pk}"
