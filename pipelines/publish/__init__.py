"""The file that readers open, and exports of it."""
