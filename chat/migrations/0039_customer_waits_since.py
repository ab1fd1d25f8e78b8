from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0038_chats_by_topic")]

    operations = [
        migrations.AddField(
            model_name="chat",
            name="customer_waits_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
