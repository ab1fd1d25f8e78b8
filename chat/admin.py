"""Chats for the operator: how many, how they stand; never what was said."""

from django.contrib import admin
from django.http import HttpRequest

from chat.models import Chat


@admin.register(Chat)
class ChatAdmin(admin.ModelAdmin):
    list_display = ("id", "service", "state", "agent", "created_at", "answered_at", "closed_at", "closed_by")
    list_filter = ["state", "service", "closed_by"]
    list_select_related = ["service", "agent__user"]
    readonly_fields = (*list_display, "language", "policy", "consented_at", "waiting_since", "last_rev")
    fields = readonly_fields
    ordering = ["-id"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Chat | None = None) -> bool:
        return False
