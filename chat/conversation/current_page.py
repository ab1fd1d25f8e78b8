"""The page that a customer is on while a chat is open, for its agents: only as the policy in force says.

An admin switches it on for the version of the privacy policy that says so (``ChatSettings.follow_page_policy``). A
newer version switches it off by itself, and nobody is followed who has agreed to another version. Only the last page is
kept, masked as the page on which a chat began, in place of the one before.
"""

from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from agents.models import Service
from chat import protocol
from chat.conversation import live
from chat.masking.page_addresses import masked_address
from chat.models import Chat
from chat.service_settings import ChatSettings
from helpcenter.access import help_center_of
from helpcenter.policies import current_version

LENGTH_MAX = Chat._meta.get_field("page_now").max_length or 0


def is_followed(service: Service) -> bool:
    """Says whether pages of the service's customers are asked for at all: the policy in force is the confirmed one."""
    version = ChatSettings.objects.filter(service=service).values_list("follow_page_policy", flat=True).first()
    return version is not None and version == current_version(help_center_of(service))


def last_page(chat_id: int) -> protocol.PageNow | None:
    """Returns the page that was noted last; ``None`` without any. A connection that comes later has missed it."""
    chat = Chat.objects.filter(pk=chat_id, page_now_at__isnull=False).values_list("page_now", "page_now_at").first()
    return protocol.PageNow(chat_id, chat[0], chat[1].isoformat()) if chat else None


def note_page(chat_id: int, raw: str) -> bool:
    """Notes on which page the customer is, and tells the agents; says whether it did.

    Nothing is noted of a chat that has ended, or whose customer agreed to another version of the policy.
    """
    followed = F("service__chat_settings__follow_page_policy")
    open_chats = Chat.objects.exclude(state=Chat.State.CLOSED).filter(policy__version=followed)
    chat = open_chats.select_related("service__help_center", "service__contract").filter(pk=chat_id).first()
    if chat is None or not is_followed(chat.service):
        return False
    page, at = masked_address(chat.service, raw, length=LENGTH_MAX), timezone.now()
    if not page or page == chat.page_now:
        return False
    open_chats.filter(pk=chat_id).update(page_now=page, page_now_at=Now())
    live.publish(live.chat_topic(chat_id), live.Moved(chat_id, page, at.isoformat()))
    return True
