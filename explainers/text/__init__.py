"""What is particular to texts: the units that a map speaks of."""
