"""The command line: translates arguments to calls, events to bars, results and errors to text or JSON."""
