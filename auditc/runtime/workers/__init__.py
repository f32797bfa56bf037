"""Where an engine runs: in this process, or in one of its own that can be lost without losing the run."""
