"""From the history of a trial to its outcome. Pure."""
