"""The one package that touches the machine."""
