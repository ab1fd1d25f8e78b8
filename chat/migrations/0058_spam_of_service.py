from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("chat", "0057_chat_is_spam")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                fields=["service", "-created_at"], condition=models.Q(("is_spam", True)), name="chat_spam"
            ),
        ),
    ]
