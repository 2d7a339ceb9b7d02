"""Documents in a format: Markdown, text for a terminal, HTML; figures as SVG."""
