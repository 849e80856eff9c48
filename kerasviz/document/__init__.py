"""The document that the editor edits: its form, its changes, what is inferred of it, its problems, its code."""
