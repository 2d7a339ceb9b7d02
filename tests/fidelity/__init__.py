"""CPython's own tests, bare and with the probe inside: `make fidelity`."""
