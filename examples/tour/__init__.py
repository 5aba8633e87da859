"""The narrated tour that ``make demo`` gives: ``python -m examples.tour``."""
