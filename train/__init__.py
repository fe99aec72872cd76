"""Photos → checkpoint."""
