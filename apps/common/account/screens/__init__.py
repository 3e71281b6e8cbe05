"""One .py and one .kv per screen. Kivy's main thread; what happens is decided by the presenters."""
