from django.db import migrations

# The worker does the rest: it writes down the words of these chats, some in each of its rounds.
TO_BE_WRITTEN_DOWN = """
INSERT INTO tickets_chatwords (ticket_id, service_id, rev, is_settled)
SELECT id, service_id, 0, false FROM tickets_ticket WHERE chat_id IS NOT NULL
ON CONFLICT DO NOTHING
"""


class Migration(migrations.Migration):
    dependencies = [("tickets", "0025_service_of_chat_words")]

    operations = [migrations.RunSQL(TO_BE_WRITTEN_DOWN, migrations.RunSQL.noop)]
