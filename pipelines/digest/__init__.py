"""The page for managers."""
