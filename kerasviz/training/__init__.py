"""Training: data as batches, what `compile` was told, the loop that yields events, and the Trainer of every model."""
