from django.urls import path

from contiple.first_day import views

app_name = "first_day"
urlpatterns = [
    path("desk/<slug:service>/start/", views.start, name="start"),
    path("desk/<slug:service>/start/shown/", views.shown, name="shown"),
]
