"""Articles for tests, by plain functions."""

from agents.models import Service
from helpcenter.models import Article, ArticleText, Category, CategoryText


def make_category(service: Service, *, position: int = 0, **names: str) -> Category:
    """``names`` by language."""
    category = Category.objects.create(help_center=service.help_center, position=position)
    for language, name in (names or {"en": "Orders", "ko": "주문"}).items():
        CategoryText.objects.create(category=category, language=language, name=name)
    return category


def make_article(category: Category, *, published: bool = True, position: int = 0, **texts: tuple[str, str]) -> Article:
    """``texts``: title and body by language."""
    article = Article.objects.create(category=category, is_published=published, position=position)
    for language, (title, body) in (
        texts or {"en": ("Delivery", "Two days."), "ko": ("배송", "이틀 걸립니다.")}
    ).items():
        ArticleText.objects.create(article=article, language=language, title=title, body=body)
    return article
