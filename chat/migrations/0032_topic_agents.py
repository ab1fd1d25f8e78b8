"""Agents are assigned to topics. Its reference locks the table of agents."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0031_topics")]

    operations = [
        migrations.AddField(
            model_name="topic",
            name="agents",
            field=models.ManyToManyField(blank=True, related_name="topics", to="agents.agent"),
        ),
    ]
