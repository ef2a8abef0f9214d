"""Read what each post says by itself."""
