"""EPUB files as books of plain blocks. Pure model: knows neither Kivy nor the SDK's network."""

from apps.reader.epub.blocks import Block, Chapter, Kind, Span, Style
from apps.reader.epub.book import Book, Entry, Image, open_book
from apps.reader.epub.errors import BookError

__all__ = ["Block", "Book", "BookError", "Chapter", "Entry", "Image", "Kind", "Span", "Style", "open_book"]
