//! Probing for C dependencies: what is needed, what was found, what follows.
