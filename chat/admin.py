"""Chats and settings of chat for the operator. They show no message and none of the patterns that masking looks for."""

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from agents.models import Service
from chat.masking.models import MaskingRules, OwnPattern
from chat.models import Chat
from chat.routing.chat_settings import FIELDS
from chat.service_settings import ChatSettings
from contiple.base.latest_admin import LatestAdmin, number_in


@admin.register(Chat)
class ChatAdmin(LatestAdmin):
    list_display = ("id", "service", "state", "agent", "created_at", "answered_at", "closed_at", "closed_by")
    list_filter = ["state", "service", "closed_by"]
    list_select_related = ["service", "agent__user"]
    readonly_fields = (*list_display, "language", "policy", "consented_at", "waiting_since", "last_rev")
    fields = readonly_fields
    ordering = ["-id"]
    search_help_text = _("A chat’s number, or a service’s address")

    def find(self, text: str) -> Q:
        if number := number_in(text):
            return Q(pk=number)
        return Q(service__in=list(Service.objects.filter(slug__icontains=text).values_list("pk", flat=True)))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Chat | None = None) -> bool:
        return False


@admin.register(ChatSettings)
class ChatSettingsAdmin(admin.ModelAdmin):
    exclude = ("evaluation_messages",)  # written in Service Management, a box for each language
    list_display = ("service", *(name for name in FIELDS if name != "evaluation_messages"))
    list_select_related = ("service",)
    search_fields = ("service__name", "service__slug")

    def get_readonly_fields(self, request: HttpRequest, obj: ChatSettings | None = None) -> list[str]:
        return ["service"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: ChatSettings | None = None) -> bool:
        return False  # the worker reads a service's settings, and makes none


class ReadOnly(admin.ModelAdmin):
    """Neither added, changed nor deleted: that is done in Service Management, where it is on record."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(MaskingRules)
class MaskingRulesAdmin(ReadOnly):
    list_display = ("service", "version", "reveals_per_hour")
    list_select_related = ("service",)
    search_fields = ("service__name", "service__slug")


@admin.register(OwnPattern)
class OwnPatternAdmin(ReadOnly):
    list_display = ("id", "service", "form", "action", "keep", "created_at")
    list_filter = ("form", "action", "service")
    list_select_related = ("service",)
    fields = ("service", "form", "action", "keep", "created_at")
