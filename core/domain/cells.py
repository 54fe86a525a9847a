"""Cells of a spreadsheet in which no text is taken for a formula. Pure."""

# What a spreadsheet would take for a formula, also behind blanks.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
QUOTE = "'"

Cell = str | int | float | bool | None


def harmless(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet calculates: text that looks like a formula gets a quote before it."""
    return f"{QUOTE}{cell}" if isinstance(cell, str) and _is_like_formula(cell) else cell


def meant(cell: str) -> str:
    """Return what was meant by a cell that `harmless` may have quoted."""
    return cell[1:] if cell.startswith(QUOTE) and _is_like_formula(cell[1:]) else cell


def _is_like_formula(text: str) -> bool:
    """Return whether it is one, or one that is quoted already: that gets another quote, and so comes back whole."""
    return text.lstrip(QUOTE).lstrip(" ").startswith(FORMULA)
