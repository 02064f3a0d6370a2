"""One file per method; saving a file adds the method."""
