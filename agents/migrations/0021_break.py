from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0020_contract_customer_information")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="break_reason",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=60),
        ),
        migrations.AddField(
            model_name="agent", name="chat_status_since", field=models.DateTimeField(editable=False, null=True)
        ),
    ]
