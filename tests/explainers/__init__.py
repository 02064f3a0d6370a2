"""Tests of the explaining core."""
