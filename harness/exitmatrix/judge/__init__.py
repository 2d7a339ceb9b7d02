"""Outcomes against predictions. Pure."""
