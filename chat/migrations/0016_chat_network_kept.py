from django.db import migrations, models

from contiple.base.indexes import AddIndexBesideTraffic


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("chat", "0015_chat_of_network")]

    operations = [
        AddIndexBesideTraffic(
            model_name="chat",
            index=models.Index(
                condition=models.Q(("network", ""), _negated=True), fields=["closed_at"], name="chat_network_kept"
            ),
        ),
    ]
