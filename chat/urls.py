from django.urls import path

from chat.canned import views as views_canned
from chat.canned import views_composer, views_starters
from chat.conversation import views_history
from chat.customer import views as views_customer
from chat.customer import views_earlier, views_embed, views_end, views_inquiry, views_member, views_suggestions
from chat.customer import views_files as views_customer_files
from chat.desk import views as views_agent
from chat.desk import (
    views_alerts,
    views_blocking,
    views_drafts,
    views_files,
    views_masking,
    views_messages,
    views_queue,
    views_search,
)
from chat.export import views as views_export
from chat.filing import views_categories, views_choosing
from chat.masking import views_record, views_settings
from chat.people import views_customers, views_notes
from chat.reports import views as views_reports
from chat.routing import views, views_hours, views_topics
from chat.wallboard import views as views_wallboard

app_name = "chat"
urlpatterns = [
    path("desk/<slug:service>/chats/", views_history.chats, name="chats"),
    path("desk/<slug:service>/chats/export/", views_export.export_chats, name="export_chats"),
    path("desk/<slug:service>/chat/widget/", views_agent.widget, name="widget"),
    path("desk/<slug:service>/chat/status/", views_agent.change_status, name="status"),
    path("desk/<slug:service>/chat/alerts/", views_alerts.alerts, name="alerts"),
    path("desk/<slug:service>/chat/shortcuts/", views_alerts.shortcuts, name="shortcuts"),
    path("desk/<slug:service>/chat/<int:chat>/", views_agent.conversation, name="conversation"),
    path("desk/<slug:service>/chat/<int:chat>/open/", views_agent.open_chat, name="open"),
    path("desk/<slug:service>/chat/<int:chat>/end/", views_agent.end_chat, name="end"),
    path("desk/<slug:service>/chat/<int:chat>/ask-evaluation/", views_agent.ask_evaluation, name="ask_evaluation"),
    path("desk/<slug:service>/chat/<int:chat>/transfer/", views_agent.transfer, name="transfer"),
    path("desk/<slug:service>/chat/<int:chat>/return/", views_agent.give_back, name="return"),
    path("desk/<slug:service>/chat/<int:chat>/take-over/", views_agent.take_over, name="take_over"),
    path("desk/<slug:service>/chat/<int:chat>/take/", views_queue.take, name="take"),
    path("desk/<slug:service>/chat/waiting/", views_queue.waiting, name="waiting"),
    path("desk/<slug:service>/chat/notices/<int:notice>/dismiss/", views_queue.dismiss_notice, name="dismiss_notice"),
    path("desk/<slug:service>/wallboard/", views_wallboard.wallboard, name="wallboard"),
    path("desk/<slug:service>/wallboard/screen/", views_wallboard.screen, name="wallboard_screen"),
    path("desk/<slug:service>/wallboard/move/", views_wallboard.move, name="move_chats"),
    path("desk/<slug:service>/chat/<int:chat>/spam/", views_blocking.mark_spam, name="mark_spam"),
    path("desk/<slug:service>/chat/<int:chat>/block/", views_blocking.block, name="block"),
    path("desk/<slug:service>/chat/end/", views_blocking.end_chats, name="end_chats"),
    path("desk/<slug:service>/blocked/", views_blocking.blocked, name="blocked"),
    path("desk/<slug:service>/blocked/<int:block>/unblock/", views_blocking.unblock, name="unblock"),
    path("desk/<slug:service>/customers/", views_customers.customers, name="customers"),
    path("desk/<slug:service>/customers/<int:customer>/", views_customers.customer, name="customer"),
    path("desk/<slug:service>/customers/<int:customer>/notes/", views_notes.customer_notes, name="customer_notes"),
    path("desk/<slug:service>/customers/<int:customer>/notes/<int:note>/", views_notes.edit_note, name="edit_note"),
    path(
        "desk/<slug:service>/customers/<int:customer>/notes/<int:note>/remove/",
        views_notes.remove_note,
        name="remove_note",
    ),
    path("desk/<slug:service>/chat/settings/", views.chat_settings, name="chat_settings"),
    path("desk/<slug:service>/chat/hours/", views_hours.operating_hours, name="operating_hours"),
    path("desk/<slug:service>/chat/hours/now/", views_hours.override, name="override_hours"),
    path("desk/<slug:service>/chat/hours/days/", views_hours.set_special_day, name="set_special_day"),
    path("desk/<slug:service>/chat/hours/days/remove/", views_hours.remove_special_day, name="remove_special_day"),
    path("desk/<slug:service>/chat/hours/holidays/", views_hours.add_holidays, name="add_holidays"),
    path("desk/<slug:service>/chat/queues/", views_topics.topics, name="topics"),
    path("desk/<slug:service>/chat/queues/new/", views_topics.new_topic, name="new_topic"),
    path("desk/<slug:service>/chat/queues/<int:topic>/", views_topics.topic, name="topic"),
    path("desk/<slug:service>/chat/queues/<int:topic>/move/", views_topics.move, name="move_topic"),
    path("desk/<slug:service>/chat/queues/<int:topic>/remove/", views_topics.remove, name="remove_topic"),
    path("desk/<slug:service>/chat/categories/", views_categories.categories, name="categories"),
    path("desk/<slug:service>/chat/categories/new/", views_categories.new_category, name="new_category"),
    path("desk/<slug:service>/chat/categories/<int:category>/", views_categories.category, name="category"),
    path("desk/<slug:service>/chat/categories/<int:category>/move/", views_categories.move, name="move_category"),
    path("desk/<slug:service>/chat/categories/<int:category>/remove/", views_categories.remove, name="remove_category"),
    path("desk/<slug:service>/chat/<int:chat>/category/", views_choosing.set_category, name="set_category"),
    path("desk/<slug:service>/chat/check/", views.checklist, name="checklist"),
    path("desk/<slug:service>/chat/<int:chat>/history/", views_agent.history, name="history"),
    path("desk/<slug:service>/chat/<int:chat>/earlier/", views_agent.earlier, name="earlier"),
    path("desk/<slug:service>/chat/<int:chat>/search/", views_search.search, name="search"),
    path("desk/<slug:service>/chat/<int:chat>/days/", views_search.days, name="days"),
    path("desk/<slug:service>/chat/<int:chat>/around/", views_search.around, name="around"),
    path("desk/<slug:service>/chat/<int:chat>/changes/", views_agent.changes, name="changes"),
    path("desk/<slug:service>/chat/<int:chat>/files/", views_files.upload, name="upload"),
    path("desk/<slug:service>/chat/mentionable/", views_messages.mentionable, name="mentionable"),
    path("desk/<slug:service>/chat/<int:chat>/messages/<int:seq>/edit/", views_messages.edit, name="edit_message"),
    path(
        "desk/<slug:service>/chat/<int:chat>/messages/<int:seq>/delete/", views_messages.delete, name="delete_message"
    ),
    path("desk/<slug:service>/chat/files/<int:file>/", views_files.file, name="file"),
    path("desk/<slug:service>/chat/files/<int:file>/thumbnail/", views_files.thumbnail, name="thumbnail"),
    path("desk/<slug:service>/chat/files/<int:file>/remove/", views_files.remove, name="remove_file"),
    path("desk/<slug:service>/chat/<int:chat>/draft/", views_drafts.draft, name="draft"),
    path("desk/<slug:service>/chat/<int:chat>/canned/", views_composer.offered, name="offered_canned"),
    path("desk/<slug:service>/chat/<int:chat>/canned/<int:response>/used/", views_composer.used, name="used_canned"),
    path(
        "desk/<slug:service>/chat/<int:chat>/canned/<int:response>/file/",
        views_composer.send_file,
        name="send_canned_file",
    ),
    path("desk/<slug:service>/canned/", views_canned.responses, name="canned"),
    path("desk/<slug:service>/canned/new/", views_canned.new_response, name="new_canned"),
    path("desk/<slug:service>/canned/templates/", views_starters.starters, name="canned_starters"),
    path("desk/<slug:service>/canned/<int:response>/", views_canned.response, name="canned_response"),
    path("desk/<slug:service>/canned/<int:response>/remove/", views_canned.remove, name="remove_canned"),
    path("desk/<slug:service>/canned/files/", views_canned.upload, name="upload_canned"),
    path("desk/<slug:service>/canned/files/<int:file>/", views_canned.file, name="canned_file"),
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
    path("desk/<slug:service>/reports/chat/", views_reports.report, name="report"),
    path("desk/<slug:service>/reports/chat/export/", views_reports.export, name="export_report"),
    path("desk/<slug:service>/chat/<int:chat>/destroy/", views_masking.destroy, name="destroy"),
    path("hc/<slug:service>/chat/", views_customer.panel, name="panel"),
    path("hc/<slug:service>/chat/watch/", views_embed.watch, name="watch"),
    path("hc/<slug:service>/chat/start/", views_customer.start, name="start"),
    path("hc/<slug:service>/chat/start/sum/", views_customer.start_sum, name="start_sum"),
    path("hc/<slug:service>/member/", views_member.enter, name="enter_member"),
    path("hc/<slug:service>/member/end/", views_member.leave, name="leave_member"),
    path("hc/<slug:service>/chat/member/", views_member.identify, name="identify"),
    path("hc/<slug:service>/chat/member/end/", views_member.sign_out, name="member_sign_out"),
    path("hc/<slug:service>/chat/resume/", views_customer.resume, name="resume"),
    path("hc/<slug:service>/chat/earlier/", views_customer.earlier, name="customer_earlier"),
    path("hc/<slug:service>/chat/past/", views_earlier.past_chats, name="past_chats"),
    path("hc/<slug:service>/chat/past/<int:chat>/", views_earlier.past_chat, name="past_chat"),
    path("hc/<slug:service>/chat/end/", views_customer.end, name="customer_end"),
    path("hc/<slug:service>/chat/evaluation/", views_end.evaluate, name="evaluate"),
    path("hc/<slug:service>/chat/transcript/", views_end.download_transcript, name="transcript"),
    path("hc/<slug:service>/chat/transcript/mail/", views_end.mail_transcript, name="mail_transcript"),
    path("hc/<slug:service>/chat/forget/", views_end.forget, name="forget"),
    path("hc/<slug:service>/chat/files/", views_customer_files.upload, name="customer_upload"),
    path("hc/<slug:service>/chat/files/<int:file>/", views_customer_files.file, name="customer_file"),
    path(
        "hc/<slug:service>/chat/files/<int:file>/thumbnail/", views_customer_files.thumbnail, name="customer_thumbnail"
    ),
    path("hc/<slug:service>/chat/inquiry/", views_inquiry.leave_inquiry, name="leave_inquiry"),
    path("hc/<slug:service>/chat/open/", views_inquiry.is_open, name="is_open"),
    path("hc/<slug:service>/chat/articles/", views_suggestions.suggested, name="suggested"),
    path("hc/<slug:service>/chat/articles/<int:pk>/", views_suggestions.article, name="suggested_article"),
    path("hc/<slug:service>/chat/articles/<int:pk>/helped/", views_suggestions.judge, name="judge_article"),
    path("embed/<slug:service>.js", views_embed.embed_script, name="embed_script"),
]
