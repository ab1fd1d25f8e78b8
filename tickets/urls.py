from django.conf import settings
from django.urls import path

from contiple.bounds import POSTED_MAIL
from tickets.customer import views_contact, views_inquiry
from tickets.desk import views_bulk, views_detail, views_drafts, views_facts, views_list, views_mail
from tickets.masking import views_masks
from tickets.triage import views_merging, views_settings

app_name = "tickets"
_tickets = "desk/<slug:service>/tickets/"
_ticket = f"{_tickets}<int:number>/"
_inquiry = "inquiry/<slug:service>/<str:secret>/"  # `contiple.log_addresses` knows the folder

urlpatterns = [
    path(_tickets, views_list.ticket_list, name="list"),
    path(f"{_tickets}answers/", views_list.answers, name="answers"),
    path(f"{_tickets}change/", views_bulk.change, name="change"),
    path(f"{_tickets}new/", views_list.new_ticket, name="new"),
    path("desk/<slug:service>/chat/<int:chat>/ticket/", views_list.create_from_chat, name="create_from_chat"),
    path("desk/<slug:service>/ticket-settings/", views_settings.settings, name="settings"),
    path("desk/<slug:service>/ticket-settings/groups/new/", views_settings.new_group, name="new_group"),
    path("desk/<slug:service>/ticket-settings/groups/<int:pk>/", views_settings.edit_group, name="edit_group"),
    path(
        "desk/<slug:service>/ticket-settings/groups/<int:pk>/delete/", views_settings.delete_group, name="delete_group"
    ),
    path(_ticket, views_detail.detail, name="detail"),
    path(f"{_ticket}subject/", views_detail.edit_text, name="subject"),
    path(f"{_ticket}state/", views_facts.set_fact, {"fact": "state"}, name="state"),
    path(f"{_ticket}assignee/", views_facts.set_fact, {"fact": "assignee"}, name="assignee"),
    path(f"{_ticket}merge/", views_merging.merge, name="merge"),
    path(f"{_ticket}group/", views_facts.set_fact, {"fact": "group"}, name="group"),
    path(f"{_ticket}priority/", views_facts.set_fact, {"fact": "priority"}, name="priority"),
    path(f"{_ticket}comments/", views_detail.add_comment, name="comments"),
    path(f"{_ticket}reply/", views_detail.reply, name="reply"),
    path(f"{_ticket}draft/", views_drafts.draft, name="draft"),
    path(f"{_ticket}requester/", views_detail.requester_email, name="requester_email"),
    path(f"{_ticket}links/revoke/", views_detail.revoke_links, name="revoke_links"),
    path(f"{_ticket}changes/", views_detail.changes, name="changes"),
    path(f"{_ticket}comments/mask/", views_masks.mask, name="mask"),
    path(f"{_ticket}destroy/", views_masks.destroy, name="destroy"),
    path(f"{_tickets}masks/<int:mask>/reveal/", views_masks.reveal, name="reveal"),
    path(f"{_tickets}masks/<int:mask>/lift/", views_masks.lift, name="lift"),
    path(f"{_ticket}tags/", views_facts.add_tag, name="tags"),
    path(f"{_ticket}tags/<int:tag>/remove/", views_facts.remove_tag, name="remove_tag"),
    path("desk/<slug:service>/mail/", views_mail.incoming, name="mail"),
    path("desk/<slug:service>/mail/<int:mail>/ticket/", views_mail.make_ticket, name="mail_ticket"),
    path("desk/<slug:service>/mail/<int:mail>/delete/", views_mail.delete, name="mail_delete"),
    path("hc/<slug:service>/contact/", views_contact.contact, name="contact"),
    path("hc/<slug:service>/contact/from-chat/", views_contact.contact_from_chat, name="contact_from_chat"),
    path("hc/<slug:service>/contact/sent/", views_contact.contact_sent, name="contact_sent"),
    path("inquiry/<slug:service>/", views_inquiry.ask_for_links, name="inquiry_links"),
    path(_inquiry, views_inquiry.inquiry, name="inquiry"),
    path(f"{_inquiry}answer/", views_inquiry.answer, name="inquiry_answer"),
    path(f"{_inquiry}solved/", views_inquiry.solved, name="inquiry_solved"),
    path(f"{_inquiry}changes/", views_inquiry.changes, name="inquiry_changes"),
]

if settings.INBOUND_WEBHOOK != "NONE":
    from tickets.mail.webhooks import PROVIDERS

    urlpatterns.append(path(POSTED_MAIL, PROVIDERS[settings.INBOUND_WEBHOOK].as_view(), name="inbound_webhook"))
