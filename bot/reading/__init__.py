"""Reading: from pages to statements, with who says them, for whom and in what mode."""
