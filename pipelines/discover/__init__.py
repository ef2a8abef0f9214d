"""What needs the whole picture: copies, topics, what emerges."""
