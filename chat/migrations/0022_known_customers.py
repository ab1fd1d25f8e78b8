"""A chat knows whether its customer was known at the start."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0021_worker_beats")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="is_known",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
    ]
