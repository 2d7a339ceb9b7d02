"""What is foreseen of servers: the facts of one, and the laws that hold for all."""
