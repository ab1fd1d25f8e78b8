"""A holder may have several data keys: see ``chat.masking.vault``. The migrations 0017 and 0018 change what is unique.

Processes of the release before write the first generation, by the column's default.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0007_chat_settings_kept_alike")]

    operations = [
        migrations.AddField(
            model_name="datakey",
            name="generation",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
    ]
