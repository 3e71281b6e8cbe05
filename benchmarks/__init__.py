"""The figures behind the promises: `python -m benchmarks`. One file per figure."""
