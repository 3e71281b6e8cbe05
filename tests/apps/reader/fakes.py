"""Stand-ins for what the reader gets from elsewhere."""

from apps.reader.pages.measure import Face


class CountingMeasurer:
    """Every character is half an em wide, whatever it is."""

    def width(self, text: str, face: Face) -> float:
        return 0.5 * face.size * len(text)

    def ascent(self, face: Face) -> float:
        return 0.9 * face.size

    def descent(self, face: Face) -> float:
        return 0.3 * face.size
