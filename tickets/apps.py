from django.apps import AppConfig


class TicketsConfig(AppConfig):
    name = "tickets"

    def ready(self) -> None:
        from chat.masking import copies
        from tickets.concealing import conceal_copies

        copies.append(conceal_copies)
