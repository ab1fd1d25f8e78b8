import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0025_chat_mail")]

    operations = [
        migrations.AddField(
            model_name="chatsettings",
            name="mail_unread",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="Customers who left and gave an e-mail address get the messages they have not read, with a"
                " link back. If no agent came in time, they get a link to leave a 1:1 inquiry. Masked text stays masked.",
                verbose_name="E-mail to customers who left",
            ),
        ),
        migrations.AddField(
            model_name="chatsettings",
            name="mail_unread_minutes",
            field=models.PositiveSmallIntegerField(
                db_default=5,
                default=5,
                help_text="Counted from the first unread message. Nothing is sent if the customer reads it before.",
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(1440),
                ],
                verbose_name="Sent after (minutes)",
            ),
        ),
    ]
