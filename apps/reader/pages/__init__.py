"""From chapters to pages: measuring, breaking lines, filling pages, finding sentences. Knows no Kivy."""
