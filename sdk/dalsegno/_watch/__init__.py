"""`dalsegno watch`: a live view of a user's sessions and devices, in a terminal or down a pipe."""
