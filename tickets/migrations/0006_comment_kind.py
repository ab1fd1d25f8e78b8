from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tickets", "0005_ticket_followed")]

    operations = [
        migrations.AddField(
            model_name="comment",
            name="kind",
            field=models.CharField(
                choices=[("internal", "Internal comment"), ("reply", "Reply"), ("customer", "Customer")],
                db_default="internal",
                default="internal",
                max_length=8,
            ),
        ),
    ]
