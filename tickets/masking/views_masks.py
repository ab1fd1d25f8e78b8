"""An agent's views of masks in a ticket's comments, and an admin's page for what is under them."""

from django.urls import reverse
from django.utils.translation import gettext as _

from agents.models import Agent
from chat.masking.views_masks import Crumb, Destruction, destroy_view, lift_view, mask_view, reveal_view
from tickets import access
from tickets.masking.comment_masks import Comments, holder_of


def _comments_for(agent: Agent, number: int) -> Comments:
    return Comments(access.ticket_for(agent, number))


def _destruction_for(admin: Agent, number: int) -> Destruction:
    ticket, slug = access.ticket_for(admin, number), admin.service.slug
    page = reverse("tickets:detail", args=[slug, number])
    return Destruction(
        holder=holder_of(ticket),
        customer=ticket.requester,
        section="tickets",
        title=str(ticket),
        heading=_("Ticket #%(number)s") % {"number": number},
        hint=_("In its internal comments."),
        button=_("Destroy the originals of this ticket"),
        back=page,
        crumbs=[Crumb(_("Tickets"), reverse("tickets:list", args=[slug])), Crumb(str(ticket), page)],
    )


mask = mask_view(_comments_for)
reveal = reveal_view(Comments)
lift = lift_view(Comments)
destroy = destroy_view(_destruction_for)
