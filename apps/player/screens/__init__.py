"""The player's screens: one .py and one .kv file each."""
