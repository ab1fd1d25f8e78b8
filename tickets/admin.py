"""Tickets for operators: their number and state, but nothing that people wrote. Nothing can be changed here."""

from django.contrib import admin
from django.http import HttpRequest

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
class TicketAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["__str__", "service", "state", "channel", "assignee", "created_at", "updated_at"]
    list_select_related = ["service", "assignee__user"]
    list_filter = ["state", "channel"]
    search_fields = ["=number", "service__slug"]
    ordering = ["-updated_at", "-id"]
    show_full_result_count = False
    fields = ["service", "number", "state", "channel", "assignee", "created_by", "created_at", "updated_at"]


@admin.register(Tag)
class TagAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["name", "service", "is_system"]
    list_select_related = ["service"]
    list_filter = ["is_system"]
    search_fields = ["name", "service__slug"]
    fields = ["service", "name", "is_system"]
