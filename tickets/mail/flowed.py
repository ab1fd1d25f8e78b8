"""Joins the lines of `format=flowed` (RFC 3676) to the paragraphs that were written."""


def unflow(text: str, *, delsp: bool = False) -> str:
    """Returns the paragraphs. ``delsp``: the space at a line's end was put there by the program (`DelSp=yes`)."""
    done: list[str] = []
    open_depth: int | None = None  # of the paragraph that goes on
    for line in text.split("\n"):
        depth, words = _quoted(line.rstrip("\r"))
        goes_on = words.endswith(" ") and words != "-- "
        piece = words[:-1] if goes_on and delsp else words
        if open_depth == depth and words != "-- ":
            done.append(piece)
        else:
            done += ["\n" if done else "", ">" * depth + (" " if depth else ""), piece]
        open_depth = depth if goes_on else None
    return "".join(done)


def _quoted(line: str) -> tuple[int, str]:
    words = line.lstrip(">")
    return len(line) - len(words), words.removeprefix(" ")
