"""What a network sees: its activations as a few concepts, and groups of images decided by the same ones."""
