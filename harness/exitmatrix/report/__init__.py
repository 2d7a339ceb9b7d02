"""Pure renderers: records and verdicts to text."""
