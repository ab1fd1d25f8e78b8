"""Blocks, and the indexes of the queue and of networks."""

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # one lock each, and indexes beside the traffic

    dependencies = [
        ('agents', '0004_labels'),
        ('chat', '0009_crowds'),
        ('helpcenter', '0003_chat_settings_leave'),
    ]

    operations = [
        migrations.CreateModel(
            name='Block',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('network', models.CharField(blank=True, max_length=32)),
                ('reason', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('until', models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.AddField(
            model_name='block',
            name='chat',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='chat.chat'),
        ),
        migrations.AddField(
            model_name='block',
            name='created_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='agents.agent'),
        ),
        migrations.AddField(
            model_name='block',
            name='customer',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='helpcenter.customer'),
        ),
        migrations.AddField(
            model_name='block',
            name='service',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='blocks', to='agents.service'),
        ),
        AddIndexConcurrently(
            model_name='block',
            index=models.Index(condition=models.Q(('network', ''), _negated=True), fields=['service', 'network'], name='block_of_network'),
        ),
        migrations.AddConstraint(
            model_name='block',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('customer', None), models.Q(('network', ''), _negated=True)), models.Q(('customer__isnull', False), ('network', '')), _connector='OR'), name='block_of_one'),
        ),
        AddIndexConcurrently(
            model_name='chat',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['service', 'turn_at', 'id'], name='chat_turn'),
        ),
        AddIndexConcurrently(
            model_name="chat",
            index=models.Index(
                condition=models.Q(("network", ""), _negated=True), fields=["service", "network"], name="chat_of_network"
            ),
        ),
        AddIndexConcurrently(
            model_name='chat',
            index=models.Index(condition=models.Q(('network', ''), _negated=True), fields=['closed_at'], name='chat_network_kept'),
        ),
    ]
