from django.core.validators import MaxValueValidator
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0039_customer_waits_since")]

    operations = [
        migrations.AddField(
            model_name="chatsettings",
            name="answer_target_minutes",
            field=models.PositiveSmallIntegerField(
                db_default=3,
                default=3,
                help_text="Counted from the customer’s first unanswered message. Active Chats shows when most of it is"
                " over, and when all of it is. 0 means no target.",
                validators=[MaxValueValidator(1440)],
                verbose_name="Target time for an answer (minutes)",
            ),
        ),
    ]
