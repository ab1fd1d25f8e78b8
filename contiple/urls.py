from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("operator/", admin.site.urls),
    path("language/", include("django.conf.urls.i18n")),
    path("", include("agents.urls")),
    path("", include("helpcenter.urls")),
    path("", include("chat.urls")),
    path("", include("tickets.urls")),
]

handler500 = "contiple.middleware.server_error"
