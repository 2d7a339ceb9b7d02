"""The interpreter of the small language: from a program to all that it may show. Pure."""
