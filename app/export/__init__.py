"""One finding as a file to keep or to send: a picture, its numbers, a page. One file of code for each format."""
