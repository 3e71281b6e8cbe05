"""What is continued: where one reads in a book, and how one likes it to look on this device."""

import dalsegno as ds


class Reading(ds.State, schema="reading/1"):
    """One session per book; its id is made of the book's contents, so the same file is one session
    everywhere."""

    place: ds.Locator | None = ds.latest(None)
    furthest: float = ds.highest(0.0)
    text_size: float = ds.on_this_device(18.0)
    theme: str = ds.on_this_device("light")
