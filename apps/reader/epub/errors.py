"""What can be wrong with a book file, said to the person who wants to read it."""


class BookError(Exception):
    """A book that cannot be opened: `what` is wrong, and `what_to_do` about it; both are whole sentences."""

    def __init__(self, what: str, what_to_do: str) -> None:
        super().__init__(f"{what} {what_to_do}")
        self.what = what
        self.what_to_do = what_to_do


GET_ANOTHER_COPY = "Get the book again from where it came from, or try another copy of it."
