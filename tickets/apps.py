from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        from chat import follow_ups, worker
        from chat.conversation.message_masks import copies
        from chat.masking import holders
        from tickets.answering.mails import register_kinds
        from tickets.customer.follow_ups import TicketsOfChats
        from tickets.drafts import drop_old
        from tickets.listing.chat_words import following
        from tickets.mail import upkeep
        from tickets.mail.polling import polling
        from tickets.masking.comment_masks import TicketKeys
        from tickets.masking.concealing import conceal_copies

        holders.register(TicketKeys())
        copies.append(conceal_copies)
        follow_ups.register(TicketsOfChats())
        register_kinds()
        worker.beside += [polling, following]
        worker.sweeps += [drop_old, upkeep.drop_old]
