"""What is measured: each file runs, started by path, in an environment with its own packages; `serve` knows the protocol."""
