"""Ask a network and land its answers, with what was and wasn't seen."""
