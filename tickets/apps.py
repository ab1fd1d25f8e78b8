from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from chat.conversation.message_masks import copies
        from tickets.concealing import conceal_copies

        copies.append(conceal_copies)
