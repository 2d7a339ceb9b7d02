"""The parts of pages, one in each file: pure functions from records to sections."""
