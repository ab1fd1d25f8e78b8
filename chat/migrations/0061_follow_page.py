from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0060_routing_log_taken_by")]

    operations = [
        migrations.AddField(
            model_name="chatsettings",
            name="follow_page_policy",
            field=models.PositiveIntegerField(blank=True, editable=False, null=True),
        ),
    ]
