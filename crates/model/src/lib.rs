//! The newtypes of Tidegate's domain; no IO.
