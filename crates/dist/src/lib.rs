//! From a distribution matrix to a plan, to steps, to packages.
