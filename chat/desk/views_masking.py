"""An agent's views of masks in a chat, in the dialog and in its history; and an admin's page for what is under them."""

from django.urls import reverse
from django.utils.translation import gettext as _

from agents.models import Agent
from chat import access
from chat.conversation.message_masks import Messages, holder_of
from chat.masking.views_masks import Crumb, Destruction, destroy_view, lift_view, mask_view, reveal_view


def _messages_for(agent: Agent, chat_id: int) -> Messages:
    return Messages(access.chat_for_agent(agent, chat_id))


def _destruction_for(admin: Agent, chat_id: int) -> Destruction:
    chat, slug = access.chat_for_agent(admin, chat_id), admin.service.slug
    page = reverse("chat:history", args=[slug, chat.pk])
    return Destruction(
        holder=holder_of(chat),
        customer=chat.customer,
        section="chats",
        title=chat.customer.name,
        heading=_("This chat with %(name)s") % {"name": chat.customer.name},
        hint=_("In its messages and in the internal comments of its ticket. Its files are destroyed too."),
        button=_("Destroy the originals of this chat"),
        back=page,
        crumbs=[Crumb(_("Chat History"), reverse("chat:chats", args=[slug])), Crumb(chat.customer.name, page)],
    )


mask = mask_view(_messages_for)
reveal = reveal_view(Messages)
lift = lift_view(Messages)
destroy = destroy_view(_destruction_for)
