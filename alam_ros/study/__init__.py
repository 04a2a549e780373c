"""Studies: algorithm × task × seed, run to the end through any interruption, and what the results say.

A study is a file. Every run of it is the very training of `alam train` in a process of its own; a finished one leaves a small
JSON file that is meant to be committed, so that no machine repeats what another one has done.
"""
