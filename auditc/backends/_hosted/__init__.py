"""What backends share that ask somebody else's server: pace, repeats, faults, keys, and jobs of many requests."""
