"""Model families, one file each: how a batch walks through, what its forward takes."""
