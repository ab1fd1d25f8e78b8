import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("tickets", "0027_comment_drafts")]

    operations = [
        migrations.AddField(
            model_name="commentdraft",
            name="agent",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="agents.agent"
            ),
        ),
        migrations.AddConstraint(
            model_name="commentdraft",
            constraint=models.UniqueConstraint(fields=("ticket", "agent", "kind"), name="commentdraft_once"),
        ),
    ]
