"""From axes to cells, and how many trials each takes. Pure."""
