"""Metrics: what a map is worth, in numbers with a control. `panel` asks all of them about one map."""
