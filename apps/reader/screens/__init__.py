"""The reader's screens: one .py and one .kv each. All of it runs on Kivy's main thread."""
