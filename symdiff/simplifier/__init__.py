"""The two forms of a formula: the one to be read and the one to be run."""
