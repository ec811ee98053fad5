"""The benchmark suites: what is measured, in a process that can be stopped, and how results are kept and compared."""
