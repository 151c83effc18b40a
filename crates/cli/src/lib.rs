//! The command lines of tidegate and tidegated, as clap definitions.
