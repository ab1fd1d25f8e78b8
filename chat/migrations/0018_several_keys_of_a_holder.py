from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("chat", "0017_key_of_generation_once")]

    operations = [
        migrations.RemoveConstraint(model_name="datakey", name="key_of_holder_once"),
        # The column that the first release had, with the chat's id; nothing reads it any more.
        migrations.RunSQL(
            "ALTER TABLE chat_chatkey DROP CONSTRAINT IF EXISTS chat_chatkey_chat_id_key", migrations.RunSQL.noop
        ),
    ]
