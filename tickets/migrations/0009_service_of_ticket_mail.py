from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("agents", "0013_audit_by_age"), ("tickets", "0008_comment_of_ticket_mail")]

    operations = [
        migrations.AddField(
            model_name="ticketmail",
            name="service",
            field=models.ForeignKey(on_delete=models.CASCADE, related_name="+", to="agents.service"),
        ),
        migrations.AddConstraint(
            model_name="ticketmail",
            constraint=models.UniqueConstraint(fields=("service", "message_id"), name="ticketmail_message_once"),
        ),
    ]
