"""Links to findings, and what they lead to."""
