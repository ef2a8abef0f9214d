"""Models learnt from people's labels, and the decision where each takes over."""
