"""From answers to findings: every statistic of an audit, and the only place where there are any."""
