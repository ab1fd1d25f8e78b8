from django.urls import path

from agents import theme, views_accounts, views_agents, views_contract, views_invitation, views_reset, views_sessions
from agents.outbox import views as views_mails
from agents.second_factor import views_account as views_two_step
from agents.second_factor import views_service, views_sign_in

app_name = "agents"
urlpatterns = [
    path("", views_accounts.start, name="start"),
    path("sign-in/", views_accounts.sign_in, name="sign_in"),
    path("sign-in/second-step/", views_sign_in.second_step, name="second_step"),
    path("sign-in/passkey/", views_sign_in.sign_in_by_passkey, name="sign_in_by_passkey"),
    path("sign-in/passkey/challenge/", views_sign_in.passkey_challenge, name="passkey_challenge"),
    path("confirm/", views_sign_in.confirm, name="confirm"),
    path("two-step/", views_two_step.overview, name="two_step"),
    path("two-step/passkeys/challenge/", views_two_step.new_challenge, name="new_passkey_challenge"),
    path("two-step/passkeys/new/", views_two_step.add_passkey, name="add_passkey"),
    path("two-step/passkeys/<int:pk>/", views_two_step.passkey, name="passkey"),
    path("two-step/passkeys/<int:pk>/remove/", views_two_step.remove_passkey, name="remove_passkey"),
    path("two-step/app/", views_two_step.set_up_app, name="set_up_app"),
    path("two-step/app/remove/", views_two_step.remove_app, name="remove_app"),
    path("two-step/recovery-codes/", views_two_step.recovery_codes, name="recovery_codes"),
    path("theme/", theme.choose, name="theme"),
    path("sign-out/", views_accounts.sign_out, name="sign_out"),
    path("services/", views_accounts.services, name="services"),
    path("sessions/", views_sessions.own_sessions, name="sessions"),
    path("sessions/others/end/", views_sessions.end_own_other_sessions, name="end_other_sessions"),
    path("sessions/<int:pk>/end/", views_sessions.end_own_session, name="end_session"),
    path("password/", views_accounts.password, name="password"),
    path("password/reset/", views_reset.RequestReset.as_view(), name="reset"),
    path("password/reset/sent/", views_reset.ResetSent.as_view(), name="reset_sent"),
    path("password/reset/<uidb64>/<token>/", views_reset.ConfirmReset.as_view(), name="reset_confirm"),
    path("invitation/<str:secret>/", views_invitation.accept_invitation, name="accept_invitation"),
    path("desk/<slug:service>/", views_accounts.desk, name="desk"),
    path("desk/<slug:service>/contract/", views_contract.contract, name="contract"),
    path("desk/<slug:service>/agents/", views_agents.agents, name="agents"),
    path("desk/<slug:service>/agents/two-step/", views_service.rules, name="two_step_rules"),
    path("desk/<slug:service>/agents/<int:pk>/", views_agents.edit, name="agent"),
    path("desk/<slug:service>/agents/<int:pk>/sessions/", views_sessions.agent_sessions, name="agent_sessions"),
    path(
        "desk/<slug:service>/agents/<int:pk>/sessions/end/",
        views_sessions.end_agent_sessions,
        name="end_agent_sessions",
    ),
    path("desk/<slug:service>/mails/", views_mails.mails, name="mails"),
    path("desk/<slug:service>/mails/again/", views_mails.start_all_again, name="start_mails_again"),
    path("desk/<slug:service>/mails/<int:pk>/again/", views_mails.start_again, name="start_mail_again"),
    path("desk/<slug:service>/agents/invitations/", views_agents.invite, name="invite"),
    path("desk/<slug:service>/agents/invitations/<int:pk>/revoke/", views_agents.revoke, name="revoke"),
    path("desk/<slug:service>/agents/invitations/<int:pk>/again/", views_agents.invite_again, name="invite_again"),
]
