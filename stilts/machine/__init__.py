"""This computer and its cluster: GPUs, signs of life, SLURM; it changes no result."""
