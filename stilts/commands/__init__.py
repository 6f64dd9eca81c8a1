"""What you ask of a workflow without training: plan, status, prune."""
