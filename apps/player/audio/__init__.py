"""Sound: decoding files, mixing them into blocks, and the device that pulls those blocks."""
