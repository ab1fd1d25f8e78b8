from django.urls import path

from chat.conversation import views_history
from chat.customer import views as views_customer
from chat.customer import views_embed, views_end, views_inquiry
from chat.desk import views as views_agent
from chat.desk import views_blocking, views_masking
from chat.masking import views_record, views_settings
from chat.routing import views

app_name = "chat"
urlpatterns = [
    path("desk/<slug:service>/chats/", views_history.chats, name="chats"),
    path("desk/<slug:service>/chat/widget/", views_agent.widget, name="widget"),
    path("desk/<slug:service>/chat/status/", views_agent.change_status, name="status"),
    path("desk/<slug:service>/chat/<int:chat>/", views_agent.conversation, name="conversation"),
    path("desk/<slug:service>/chat/<int:chat>/open/", views_agent.open_chat, name="open"),
    path("desk/<slug:service>/chat/<int:chat>/end/", views_agent.end_chat, name="end"),
    path("desk/<slug:service>/chat/<int:chat>/ask-evaluation/", views_agent.ask_evaluation, name="ask_evaluation"),
    path("desk/<slug:service>/chat/<int:chat>/transfer/", views_agent.transfer, name="transfer"),
    path("desk/<slug:service>/chat/<int:chat>/return/", views_agent.give_back, name="return"),
    path("desk/<slug:service>/chat/<int:chat>/take-over/", views_agent.take_over, name="take_over"),
    path("desk/<slug:service>/chat/<int:chat>/block/", views_blocking.block, name="block"),
    path("desk/<slug:service>/chat/end/", views_blocking.end_chats, name="end_chats"),
    path("desk/<slug:service>/blocked/", views_blocking.blocked, name="blocked"),
    path("desk/<slug:service>/blocked/<int:block>/unblock/", views_blocking.unblock, name="unblock"),
    path("desk/<slug:service>/chat/settings/", views.chat_settings, name="chat_settings"),
    path("desk/<slug:service>/chat/check/", views.checklist, name="checklist"),
    path("desk/<slug:service>/chat/<int:chat>/history/", views_agent.history, name="history"),
    path("desk/<slug:service>/chat/<int:chat>/earlier/", views_agent.earlier, name="earlier"),
    path("desk/<slug:service>/chat/<int:chat>/changes/", views_agent.changes, name="changes"),
    path("desk/<slug:service>/chat/<int:chat>/mask/", views_masking.mask, name="mask"),
    path("desk/<slug:service>/chat/masks/<int:mask>/reveal/", views_masking.reveal, name="reveal"),
    path("desk/<slug:service>/chat/masks/<int:mask>/lift/", views_masking.lift, name="lift"),
    path("desk/<slug:service>/masking/", views_settings.rules, name="masking_rules"),
    path("desk/<slug:service>/masking/patterns/new/", views_settings.add_pattern, name="add_pattern"),
    path("desk/<slug:service>/masking/patterns/<int:own>/", views_settings.edit_pattern, name="edit_pattern"),
    path(
        "desk/<slug:service>/masking/patterns/<int:own>/remove/", views_settings.remove_pattern, name="remove_pattern"
    ),
    path("desk/<slug:service>/masking/record/", views_record.record, name="unmask_record"),
    path("desk/<slug:service>/masking/record/export/", views_record.export, name="export_unmask_record"),
    path("desk/<slug:service>/chat/<int:chat>/destroy/", views_masking.destroy, name="destroy"),
    path("hc/<slug:service>/chat/", views_customer.panel, name="panel"),
    path("hc/<slug:service>/chat/start/", views_customer.start, name="start"),
    path("hc/<slug:service>/chat/start/sum/", views_customer.start_sum, name="start_sum"),
    path("hc/<slug:service>/chat/resume/", views_customer.resume, name="resume"),
    path("hc/<slug:service>/chat/earlier/", views_customer.earlier, name="customer_earlier"),
    path("hc/<slug:service>/chat/end/", views_customer.end, name="customer_end"),
    path("hc/<slug:service>/chat/evaluation/", views_end.evaluate, name="evaluate"),
    path("hc/<slug:service>/chat/transcript/", views_end.download_transcript, name="transcript"),
    path("hc/<slug:service>/chat/transcript/mail/", views_end.mail_transcript, name="mail_transcript"),
    path("hc/<slug:service>/chat/inquiry/", views_inquiry.leave_inquiry, name="leave_inquiry"),
    path("hc/<slug:service>/chat/open/", views_inquiry.is_open, name="is_open"),
    path("embed/<slug:service>.js", views_embed.embed_script, name="embed_script"),
]
