from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0016_groups")]

    operations = [
        migrations.AddField(
            model_name="group",
            name="members",
            field=models.ManyToManyField(blank=True, related_name="ticket_groups", to="agents.agent"),
        ),
    ]
