"""Ours against asgiref 3.13.0 and other rivals, as ratios: see ``benchmarks.harness``."""
