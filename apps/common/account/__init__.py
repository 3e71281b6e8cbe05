"""Who is signed in, and on which devices: presenters that know no Kivy, and their screens. Both apps."""
