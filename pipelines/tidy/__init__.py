"""Turn what landed into records."""
