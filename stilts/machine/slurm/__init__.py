"""Jobs on SLURM, none waited for in vain."""
