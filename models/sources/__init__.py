"""Where classifiers come from: one file per source, each with `names()` and `load(name)`."""
