"""Diagnose: somebody's app answers differently. They dump the tensor or the probabilities, we name the known mistake."""
