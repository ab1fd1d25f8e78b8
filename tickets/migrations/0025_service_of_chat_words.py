from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("tickets", "0024_chat_words")]

    operations = [
        migrations.AddField(
            model_name="chatwords",
            name="service",
            field=models.ForeignKey(
                db_index=False, on_delete=models.CASCADE, related_name="+", to="agents.service"
            ),
        ),
    ]
