from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("chat", "0037_topic_removed")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                fields=["topic", "-created_at"], condition=models.Q(("topic__isnull", False)), name="chat_by_topic"
            ),
        ),
    ]
