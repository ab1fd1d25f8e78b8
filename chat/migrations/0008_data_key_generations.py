"""A holder may have several data keys: see ``chat.masking.vault``.

The index of the new constraint is built without holding up messages. Each statement takes one lock. Processes of the
release before write the first generation, by the column's default.
"""

from django.db import migrations, models

# An attempt that was broken off leaves an invalid index behind.
INDEX = [
    "DROP INDEX CONCURRENTLY IF EXISTS key_of_generation_once",
    "CREATE UNIQUE INDEX CONCURRENTLY key_of_generation_once ON chat_chatkey (kind, number, generation)",
    "ALTER TABLE chat_chatkey ADD CONSTRAINT key_of_generation_once UNIQUE USING INDEX key_of_generation_once",
]


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0007_chat_settings_kept_alike")]

    operations = [
        migrations.AddField(
            model_name="datakey",
            name="generation",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(INDEX, "ALTER TABLE chat_chatkey DROP CONSTRAINT key_of_generation_once")
            ],
            state_operations=[
                migrations.AddConstraint(
                    model_name="datakey",
                    constraint=models.UniqueConstraint(
                        fields=("kind", "number", "generation"), name="key_of_generation_once"
                    ),
                )
            ],
        ),
        migrations.RemoveConstraint(model_name="datakey", name="key_of_holder_once"),
        # The column that the first release had, with the chat's id; nothing reads it any more.
        migrations.RunSQL(
            "ALTER TABLE chat_chatkey DROP CONSTRAINT IF EXISTS chat_chatkey_chat_id_key", migrations.RunSQL.noop
        ),
    ]
