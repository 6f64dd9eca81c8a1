"""Does intermediate-task fine-tuning help? The library beside the Snakefile; no installation."""
