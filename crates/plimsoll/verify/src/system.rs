//! Clean systems of distributions, and what is done in them.
//!
//! A system of the Debian family is a folder that mmdebstrap(1) made once. Each use puts a layer
//! in memory over it (overlayfs), in a mount namespace that ends with the use: nothing is left
//! behind, even after an error. [`live`] boots it with systemd-nspawn(1) or enters it with chroot(1);
//! [`container`] uses an image instead. In each, the scripts of the package's format run from `/verify`.

pub mod container;
pub mod live;
pub mod tree;
