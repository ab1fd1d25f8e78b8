from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0046_drafts_of_agents")]

    operations = [
        migrations.AddField(
            model_name="message", name="edited", field=models.BooleanField(db_default=False, default=False)
        ),
        migrations.AddField(
            model_name="message", name="quote", field=models.PositiveIntegerField(blank=True, null=True)
        ),
    ]
