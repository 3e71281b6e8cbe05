"""``make demo``: both apps on two devices each, on the Firestore emulator."""
