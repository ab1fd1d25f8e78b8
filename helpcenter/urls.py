from django.urls import path

from helpcenter import views_admin as admin
from helpcenter import views_articles as articles
from helpcenter import views_public as public
from helpcenter import views_starters as starters
from helpcenter.members import views_admin as members

app_name = "helpcenter"
_desk = "desk/<slug:service>/help-center/"
_articles = f"{_desk}articles/"
_members = f"{_desk}members/"

urlpatterns = [
    path("hc/<slug:service>/", public.home, name="home"),
    path("hc/<slug:service>/articles/<int:pk>/", public.article, name="article"),
    path("hc/<slug:service>/search/", public.search, name="search"),
    path("hc/<slug:service>/privacy/", public.policy, name="policy"),
    path(_desk, admin.settings, name="settings"),
    path(f"{_desk}policy-versions/", admin.policy_versions_view, name="policy_versions"),
    path(_members, members.interlink, name="members"),
    path(f"{_members}switch/", members.switch, name="switch_members"),
    path(f"{_members}secrets/new/", members.make_secret, name="make_member_secret"),
    path(f"{_members}secrets/<int:pk>/end/", members.end_secret, name="end_member_secret"),
    path(_articles, articles.article_admin, name="article_admin"),
    path(f"{_articles}templates/", starters.article_starters_view, name="article_starters"),
    path(f"{_articles}new/", articles.new_article, name="new_article"),
    path(f"{_articles}<int:pk>/", articles.edit_article, name="edit_article"),
    path(f"{_articles}<int:pk>/publish/", articles.publish_article, name="publish_article"),
    path(f"{_articles}<int:pk>/move/", articles.move_article, name="move_article"),
    path(f"{_articles}<int:pk>/delete/", articles.delete_article, name="delete_article"),
    path(f"{_articles}categories/new/", articles.new_category, name="new_category"),
    path(f"{_articles}categories/<int:pk>/", articles.edit_category, name="edit_category"),
    path(f"{_articles}categories/<int:pk>/move/", articles.move_category, name="move_category"),
    path(f"{_articles}categories/<int:pk>/delete/", articles.delete_category, name="delete_category"),
]
