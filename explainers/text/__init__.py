"""Texts: their units, what stands for an absent one, and the trees they form."""
