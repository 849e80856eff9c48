"""What happens inside a model, as records: cost, the layer table, receptive fields, statistics."""
