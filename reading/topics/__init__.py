"""Topics that nobody named beforehand: texts as vectors, groups of vectors, and names for the groups."""
