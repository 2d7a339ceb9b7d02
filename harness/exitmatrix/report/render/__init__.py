"""Documents in a format: Markdown, and text for a terminal."""
