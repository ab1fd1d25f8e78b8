"""The settings of the satisfaction evaluation: whether customers are asked, and in which words."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0027_inquiry_offer_absent")]

    operations = [
        migrations.AddField(
            model_name="chatsettings",
            name="evaluation_messages",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
        migrations.AddField(
            model_name="chatsettings",
            name="evaluation_on",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Customers are asked at the end of a chat that was answered. Agents can ask earlier.",
                verbose_name="Satisfaction evaluation",
            ),
        ),
    ]
