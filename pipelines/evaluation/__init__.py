"""How good a reading is: engines against labelled files, with intervals."""
