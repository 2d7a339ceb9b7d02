"""What there is to measure: scenarios, terminations, stacks. Pure."""
