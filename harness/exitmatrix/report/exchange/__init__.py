"""What `--json` prints: a type for each command, from which its JSON Schema is made. Pure."""

JSON_VERSION = 1
"""Of these documents. Keys may be added under one number, not renamed."""
