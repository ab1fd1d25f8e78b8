import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0018_service_mailbox"), ("helpcenter", "0016_customer_notes")]

    operations = [
        migrations.AddField(
            model_name="customernote",
            name="agent",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="agents.agent"
            ),
        ),
    ]
