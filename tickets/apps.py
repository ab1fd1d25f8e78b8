from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketsConfig(AppConfig):
    name = "tickets"
    verbose_name = _("Tickets")

    def ready(self) -> None:
        from chat import follow_ups, worker
        from chat.conversation.message_masks import copies
        from chat.masking import holders
        from tickets.comment_masks import TicketKeys
        from tickets.concealing import conceal_copies
        from tickets.follow_ups import TicketsOfChats
        from tickets.mail import upkeep
        from tickets.mail.polling import polling
        from tickets.mails import register_kinds

        holders.register(TicketKeys())
        copies.append(conceal_copies)
        follow_ups.register(TicketsOfChats())
        register_kinds()
        worker.beside.append(polling)
        worker.sweeps_above.append(upkeep.drop_old)
