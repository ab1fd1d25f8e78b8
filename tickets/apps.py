from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from chat import follow_ups
        from chat.conversation.message_masks import copies
        from tickets.concealing import conceal_copies
        from tickets.follow_ups import TicketsOfChats

        copies.append(conceal_copies)
        follow_ups.register(TicketsOfChats())
