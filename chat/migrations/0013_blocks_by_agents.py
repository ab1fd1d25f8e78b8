import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0004_labels"), ("chat", "0012_blocks_in_chats")]

    operations = [
        migrations.AddField(
            model_name="block",
            name="created_by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="agents.agent"
            ),
        ),
    ]
