"""A chat knows its turn, its network, and what its customer owes for messages."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('agents', '0004_labels'),
        ('chat', '0008_data_key_generations'),
        ('helpcenter', '0003_chat_settings_leave'),
    ]

    operations = [
        migrations.AddField(
            model_name='chat',
            name='network',
            field=models.CharField(blank=True, db_default='', default='', editable=False, max_length=32),
        ),
        migrations.AddField(
            model_name='chat',
            name='paced_until',
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name='chat',
            name='turn_at',
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), default=django.utils.timezone.now),
        ),
        migrations.AlterField(
            model_name='chat',
            name='closed_by',
            field=models.CharField(blank=True, choices=[('customer', 'Customer'), ('agent', 'Agent'), ('timeout', 'Timeout'), ('idle', 'Idle'), ('service', 'Service'), ('blocked', 'Blocked'), ('admin', 'Admin')], max_length=8),
        ),
    ]
