"""`make bench`: how fast the pipeline is, beside plain vaderSentiment over the same texts in the same run."""
