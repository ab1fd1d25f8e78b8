"""The row of a service's settings of chat. ``routing.chat_settings`` reads and changes it."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Value
from django.utils.translation import gettext_lazy as _

from agents.models import Service

DAY_MINUTES = 24 * 60
FILE_MB_MAX = 25  # ``contiple.bounds`` lets no larger one in
FILES_MAX = 200  # in one chat


class ChatSettings(models.Model):
    """A service's settings of chat (Service Management / Chat). 0 is no limit, or never."""

    service = models.OneToOneField(Service, models.CASCADE, related_name="chat_settings")
    assign_recent_agent = models.BooleanField(
        _("Assign Chat"),
        default=False,
        help_text=_("If available, the agent with recent history with this customer comes first."),
    )
    queue_limit = models.PositiveSmallIntegerField(
        _("Queue limit"),
        default=0,
        validators=[MaxValueValidator(10_000)],
        help_text=_(
            "When the queue is full, customers are offered a 1:1 inquiry."
            " Customers who share one address can take only half of it. 0 means no limit."
        ),
    )
    longest_wait_minutes = models.PositiveSmallIntegerField(
        _("Longest wait (minutes)"),
        default=0,
        validators=[MaxValueValidator(DAY_MINUTES)],
        help_text=_(
            "Customers who wait longer are offered a 1:1 inquiry and keep their place in the queue. 0 means never."
        ),
    )
    answer_target_minutes = models.PositiveSmallIntegerField(
        _("Target time for an answer (minutes)"),
        default=3,
        db_default=3,
        validators=[MaxValueValidator(DAY_MINUTES)],
        help_text=_(
            "Counted from the customer’s first unanswered message. Active Chats shows when most of it is over, and when"
            " all of it is. 0 means no target."
        ),
    )
    idle_reminder_minutes = models.PositiveSmallIntegerField(
        _("Reminder to a silent customer (minutes)"),
        default=5,
        validators=[MaxValueValidator(DAY_MINUTES)],
        help_text=_("Counted from the agent’s last message. 0 means never."),
    )
    idle_close_minutes = models.PositiveSmallIntegerField(
        _("End of a silent chat (minutes)"),
        default=15,
        validators=[MaxValueValidator(DAY_MINUTES)],
        help_text=_("Counted from the same message and announced in the reminder. 0 means never."),
    )
    mail_unread = models.BooleanField(
        _("E-mail to customers who left"),
        default=True,
        db_default=True,
        help_text=_(
            "Customers who left and gave an e-mail address get the messages they have not read, with a link back. If no"
            " agent came in time, they get a link to leave a 1:1 inquiry. Masked text stays masked."
        ),
    )
    mail_unread_minutes = models.PositiveSmallIntegerField(
        _("Sent after (minutes)"),
        default=5,
        db_default=5,
        validators=[MinValueValidator(1), MaxValueValidator(DAY_MINUTES)],
        help_text=_("Counted from the first unread message. Nothing is sent if the customer reads it before."),
    )

    category_required = models.BooleanField(
        _("Category required"),
        default=False,
        db_default=False,
        help_text=_(
            "Agents choose a category when they end a chat. A chat that ends in another way can be filed afterwards."
        ),
    )

    evaluation_on = models.BooleanField(
        _("Satisfaction evaluation"),
        default=True,
        db_default=True,
        help_text=_("Customers are asked at the end of a chat that was answered. Agents can ask earlier."),
    )
    # By language; where there is none, the default of ``conversation.evaluations``.
    evaluation_messages = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), blank=True)

    files_on = models.BooleanField(
        _("Files in chat"),
        default=True,
        db_default=True,
        help_text=_("Customers and agents can send pictures and other files."),
    )
    file_pictures = models.BooleanField(_("Pictures"), default=True, db_default=True)
    file_documents = models.BooleanField(_("Documents"), default=True, db_default=True)
    file_audio = models.BooleanField(_("Audio"), default=True, db_default=True)
    file_video = models.BooleanField(_("Video"), default=True, db_default=True)
    file_archives = models.BooleanField(_("Archives (ZIP, 7z)"), default=False, db_default=False)
    file_size_mb = models.PositiveSmallIntegerField(
        _("Largest file (MB)"),
        default=10,
        db_default=10,
        validators=[MinValueValidator(1), MaxValueValidator(FILE_MB_MAX)],
    )
    file_count = models.PositiveSmallIntegerField(
        _("Files in one chat"),
        default=30,
        db_default=30,
        validators=[MinValueValidator(1), MaxValueValidator(FILES_MAX)],
    )
    files_kept_days = models.PositiveSmallIntegerField(
        _("Files are kept for (days)"),
        default=365,
        db_default=365,
        validators=[MaxValueValidator(10_000)],
        help_text=_("Counted from the end of the chat, then they are destroyed. 0 means they are kept."),
    )

    # The version of the privacy policy that says that agents see the customer's page; NULL: they don't.
    follow_page_policy = models.PositiveIntegerField(null=True, blank=True, editable=False)

    class Meta:
        app_label = "chat"
        verbose_name = verbose_name_plural = _("Chat settings")

    def __str__(self) -> str:
        return f"chat settings of {self.service_id}"

    def clean(self) -> None:
        """Refuses an end that no reminder announces."""
        if not self.idle_close_minutes:
            return
        if not self.idle_reminder_minutes:
            raise ValidationError(
                {"idle_close_minutes": _("A chat ends only after a reminder. Set the reminder first, or enter 0 here.")}
            )
        if self.idle_close_minutes <= self.idle_reminder_minutes:
            raise ValidationError({"idle_close_minutes": _("The end must come after the reminder.")})
