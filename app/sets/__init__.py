"""Sets of images: gathered from files, archives and folders."""
