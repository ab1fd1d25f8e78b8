from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="export_permission",
            field=models.BooleanField(db_default=False, default=False, verbose_name="Export chats"),
        ),
    ]
