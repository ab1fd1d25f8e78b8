from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("chat", "0019_open_chats_of_service")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat", index=models.Index(fields=["agent", "-created_at"], name="chat_by_agent")
        ),
    ]
