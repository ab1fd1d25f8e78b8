from django.contrib import admin
from django.urls import include, path

handler400 = "contiple.failures.bad_request"
handler403 = "contiple.failures.forbidden"
handler404 = "contiple.failures.not_found"
handler500 = "contiple.failures.server_error"
urlpatterns = [
    path("operator/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("", include("agents.urls")),
    path("", include("helpcenter.urls")),
    path("", include("chat.urls")),
    path("", include("tickets.urls")),
    path("", include("contiple.first_day.urls")),
]
