"""What makes a sample good: acceptance rules, replay, and the check of a whole data folder."""
