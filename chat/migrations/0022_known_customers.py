"""A chat knows whether its customer was known at the start."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0021_worker_beats")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="is_known",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AlterField(
            model_name="chatsettings",
            name="queue_limit",
            field=models.PositiveSmallIntegerField(
                default=0,
                help_text="When the queue is full, customers are offered a 1:1 inquiry."
                " Customers who share one address can take only half of it. 0 means no limit.",
                validators=[django.core.validators.MaxValueValidator(10000)],
                verbose_name="Queue limit",
            ),
        ),
    ]
