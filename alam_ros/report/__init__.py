"""Figures and one self-contained page about a demonstration, drawn from the files its stages left.

Nothing is computed here that the run did not measure: where a file is missing, the page says so.
"""
