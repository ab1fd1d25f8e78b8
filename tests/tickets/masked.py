"""What the tests of masks in comments share."""

from agents.models import Agent
from chat.masking import vault
from chat.masking.selections import Selection
from tickets.masking.comment_masks import Comments, mask_comments
from tickets.models import Comment, CommentMask


def select(comment: Comment, start: int, end: int, *, rev: int | None = None) -> Selection:
    """Offsets in UTF-16 units, as a browser has them."""
    return Selection(text_id=comment.pk, rev=comment.rev if rev is None else rev, start=start, end=end)


def select_text(comment: Comment, text: str) -> Selection:
    before = comment.body[: comment.body.index(text)]
    start = len(before.encode("utf-16-le")) // 2
    return select(comment, start, start + len(text.encode("utf-16-le")) // 2)


def mask_text(agent: Agent, comment: Comment, text: str) -> CommentMask:
    """The one new mask."""
    before = set(comment.masks.values_list("pk", flat=True))
    mask_comments(agent, comment.ticket, [select_text(comment, text)])
    comment.refresh_from_db()
    return comment.masks.exclude(pk__in=before).get()


def body_of(comment: Comment) -> str:
    return Comment.objects.values_list("body", flat=True).get(pk=comment.pk)


def spans_of(comment: Comment) -> list[tuple[int, int]]:
    return list(CommentMask.objects.filter(comment=comment).order_by("start").values_list("start", "end"))


def original_under(mask: CommentMask) -> str:
    hidden = Comments.around(mask).hidden_by(mask)
    return vault.unseal(hidden.holder, hidden.spot, hidden.sealed)


def original_of(comment: Comment) -> str:
    """The text as it was: what is masked, opened and put back."""
    body = body_of(comment)
    for mask in CommentMask.objects.select_related("comment__ticket").filter(comment=comment):
        body = body[: mask.start] + original_under(mask) + body[mask.end :]
    return body
