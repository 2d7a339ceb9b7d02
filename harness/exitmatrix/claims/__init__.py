"""Published claims: texts, the conditions they rest on, and their assessment."""
