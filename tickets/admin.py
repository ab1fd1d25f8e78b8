"""Tickets for operators: their number and state, but nothing that people wrote. Nothing can be changed here."""

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from contiple.base.latest_admin import LatestAdmin, number_in
from tickets.mail import admin as mail_admin  # noqa: F401 - pages of mails that come in
from tickets.models import Tag, Ticket


class ReadOnly:
    """Nothing is added, changed or deleted here: the desk does that, and records it."""

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Ticket)
class TicketAdmin(ReadOnly, LatestAdmin):
    list_display = ["__str__", "service", "state", "channel", "assignee", "created_at", "updated_at"]
    list_select_related = ["service", "assignee__user"]
    list_filter = ["state", "channel"]
    search_help_text = _("A ticket’s number, or a service’s address")
    ordering = ["-id"]
    fields = ["service", "number", "state", "channel", "assignee", "created_by", "created_at", "updated_at"]

    def find(self, text: str) -> Q:
        if number := number_in(text):
            return Q(number=number, service__in=list(Service.objects.values_list("pk", flat=True)))
        return Q(service__in=list(Service.objects.filter(slug__icontains=text).values_list("pk", flat=True)))


@admin.register(Tag)
class TagAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "service", "is_system"]
    list_select_related = ["service"]
    list_filter = ["is_system"]
    search_fields = ["name", "service__slug"]
    fields = ["service", "name", "is_system"]
