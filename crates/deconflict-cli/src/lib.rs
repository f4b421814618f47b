//! Floor 9: arguments, exit codes, which source and which reports.
