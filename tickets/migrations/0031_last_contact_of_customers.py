"""Customers of before get the moment of their last chat or ticket. A batch is a transaction of its own."""

from django.db import migrations

BATCH = 5_000
_FILL = """
    UPDATE helpcenter_customer AS customer SET last_contact_at = GREATEST(
        created_at,
        (SELECT max(chat.created_at) FROM chat_chat AS chat WHERE chat.customer_id = customer.id),
        (SELECT max(ticket.created_at) FROM tickets_ticket AS ticket WHERE ticket.requester_id = customer.id)
    ) WHERE id > %s AND id <= %s
"""


def fill(apps, schema_editor) -> None:
    customers = apps.get_model("helpcenter", "Customer").objects.order_by("-pk").values_list("pk", flat=True)
    last = customers.first() or 0
    with schema_editor.connection.cursor() as cursor:
        for before in range(0, last, BATCH):
            cursor.execute(_FILL, [before, before + BATCH])


class Migration(migrations.Migration):
    atomic = False
    dependencies = [
        ("chat", "0053_report_sums"),
        ("helpcenter", "0019_customers_by_contact"),
        ("tickets", "0030_ticket_paused"),
    ]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop, elidable=True)]
