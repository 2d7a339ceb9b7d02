"""Services that scenarios start: programs of the machine, and Debian's packages that have them."""

from __future__ import annotations

PACKAGES = {"redis-server": "redis-server"}
