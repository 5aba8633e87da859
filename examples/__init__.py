"""Programs to copy from; each runs alone, and ``make demo`` runs them all."""
