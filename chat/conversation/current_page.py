"""The page that a customer is on while a chat is open, for its agents: only as the policy in force says.

An admin switches it on for the version of the privacy policy that says so (``ChatSettings.follow_page_policy``). A
newer version switches it off by itself, and nobody is followed who has agreed to another version. Only the last page is
kept, masked as the page on which a chat began, in place of the one before.
"""

from django.db.models import F, QuerySet
from django.utils import timezone

from chat import protocol
from chat.conversation import live
from chat.masking.page_addresses import masked_address
from chat.models import Chat
from helpcenter.access import help_center_of
from helpcenter.policies import current_version

LENGTH_MAX = Chat._meta.get_field("page_now").max_length or 0


def is_followed(chat_id: int) -> bool:
    """Says whether the customer's page is to be told: the chat is open, and the policy that its customer agreed to is
    the one in force and the confirmed one."""
    return _followed(chat_id) is not None


def last_page(chat_id: int) -> protocol.PageNow | None:
    """Returns the page that was noted last; ``None`` without any. A connection that comes later has missed it."""
    noted = Chat.objects.filter(pk=chat_id, page_now_at__isnull=False).values_list("page_now", "page_now_at")
    return next((protocol.PageNow(chat_id, page, at.isoformat()) for page, at in noted if at), None)


def note_page(chat_id: int, raw: str) -> bool:
    """Notes on which page the customer is, and tells the agents; says whether it did.

    Nothing is noted of a chat that has ended, or whose customer agreed to another version of the policy.
    """
    chat = _followed(chat_id)
    if chat is None:
        return False
    page, at = masked_address(chat.service, raw, length=LENGTH_MAX), timezone.now()
    if not page or page == chat.page_now:
        return False
    _open(chat_id).update(page_now=page, page_now_at=at)
    live.publish(live.chat_topic(chat_id), live.Moved(chat_id, page, at.isoformat()))
    return True


def _followed(chat_id: int) -> Chat | None:
    agreed = _open(chat_id).filter(policy__version=F("service__chat_settings__follow_page_policy"))
    chat = agreed.select_related("policy", "service__help_center", "service__contract").first()
    return chat if chat and chat.policy.version == current_version(help_center_of(chat.service)) else None


def _open(chat_id: int) -> QuerySet[Chat]:
    return Chat.objects.filter(pk=chat_id).exclude(state=Chat.State.CLOSED)
