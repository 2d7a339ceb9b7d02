"""Whole pages: which sections, in which order."""
