"""Why a file is not accepted."""

from django.utils.functional import Promise

from contiple.base.errors import DomainError


class NotAccepted(DomainError):
    """The file can't be taken as it is; another try with the same file fails too."""

    def __init__(self, text: str | Promise, *, code: str, status: int) -> None:
        super().__init__(text, code=code)
        self.status = status
