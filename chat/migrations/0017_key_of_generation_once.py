"""The index of the new constraint is built beside the traffic. All of it can be done again after it was broken off."""

from django.db import migrations, models

CONSTRAINT = [
    "ALTER TABLE chat_chatkey DROP CONSTRAINT IF EXISTS key_of_generation_once",
    "DROP INDEX CONCURRENTLY IF EXISTS key_of_generation_once",
    "CREATE UNIQUE INDEX CONCURRENTLY key_of_generation_once ON chat_chatkey (kind, number, generation)",
    "ALTER TABLE chat_chatkey ADD CONSTRAINT key_of_generation_once UNIQUE USING INDEX key_of_generation_once",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0016_chat_network_kept")]

    operations = [
        migrations.RunSQL(
            CONSTRAINT,
            "ALTER TABLE chat_chatkey DROP CONSTRAINT key_of_generation_once",
            state_operations=[
                migrations.AddConstraint(
                    model_name="datakey",
                    constraint=models.UniqueConstraint(
                        fields=("kind", "number", "generation"), name="key_of_generation_once"
                    ),
                )
            ],
        ),
    ]
