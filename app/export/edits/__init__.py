"""An edited map as a file: what a person made of a machine's, always beside that and never in its name."""
