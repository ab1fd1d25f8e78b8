"""Signs of life of workers."""

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0020_chats_by_agent'),
    ]

    operations = [
        migrations.CreateModel(
            name='WorkerBeat',
            fields=[
                ('run', models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
                ('tick_s', models.FloatField()),
            ],
        ),
    ]
