"""A study of concepts as a file: what a network sees in a set of pictures, and which of them are decided alike."""
