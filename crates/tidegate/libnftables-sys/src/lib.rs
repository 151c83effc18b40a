//! Raw bindings to libnftables (nftables/libnftables.h), as of release 0.9.3.
//!
//! Only the functions of the symbol version `LIBNFTABLES_1` are declared: they exist in every
//! release. `LIBNFTABLES_2` came with 1.0.0, `_3` with 1.0.2 and `_4` with 1.0.9, and a binary that
//! refers to one of those does not start where an older release is installed.

#![no_std]

use core::ffi::{c_char, c_int, c_uint};

/// An opaque `struct nft_ctx`.
#[repr(C)]
pub struct nft_ctx {
    _opaque: [u8; 0],
    /// Neither `Send` nor `Sync`, and never moved.
    _pinned: core::marker::PhantomData<(*mut u8, core::marker::PhantomPinned)>,
}

/// The only flag of [`nft_ctx_new`].
pub const NFT_CTX_DEFAULT: u32 = 0;

/// Output without the values of stateful objects.
pub const NFT_CTX_OUTPUT_STATELESS: c_uint = 1 << 2;
/// Output with the handles of objects.
pub const NFT_CTX_OUTPUT_HANDLE: c_uint = 1 << 3;
/// Output as libnftables-json(5), and input too.
pub const NFT_CTX_OUTPUT_JSON: c_uint = 1 << 4;
/// Protocols, priorities, symbols and times as numbers.
pub const NFT_CTX_OUTPUT_NUMERIC_ALL: c_uint = (1 << 7) | (1 << 8) | (1 << 9) | (1 << 10);

unsafe extern "C" {
    /// Makes a context with a netlink socket of the calling thread's network namespace. Ends the
    /// process when it cannot open one.
    pub fn nft_ctx_new(flags: u32) -> *mut nft_ctx;
    /// Frees a context and closes its socket.
    pub fn nft_ctx_free(ctx: *mut nft_ctx);

    /// Whether commands are only tried.
    pub fn nft_ctx_get_dry_run(ctx: *mut nft_ctx) -> bool;
    /// Sets whether commands are only tried.
    pub fn nft_ctx_set_dry_run(ctx: *mut nft_ctx, dry: bool);

    /// The flags of the output.
    pub fn nft_ctx_output_get_flags(ctx: *mut nft_ctx) -> c_uint;
    /// Sets the flags of the output.
    pub fn nft_ctx_output_set_flags(ctx: *mut nft_ctx, flags: c_uint);

    /// Collects output instead of printing it. Nought on success.
    pub fn nft_ctx_buffer_output(ctx: *mut nft_ctx) -> c_int;
    /// Collects errors instead of printing them. Nought on success.
    pub fn nft_ctx_buffer_error(ctx: *mut nft_ctx) -> c_int;
    /// The output of the last run; valid until the next.
    pub fn nft_ctx_get_output_buffer(ctx: *mut nft_ctx) -> *const c_char;
    /// The errors of the last run; valid until the next.
    pub fn nft_ctx_get_error_buffer(ctx: *mut nft_ctx) -> *const c_char;

    /// Runs commands. Nought on success.
    pub fn nft_run_cmd_from_buffer(ctx: *mut nft_ctx, buf: *const c_char) -> c_int;
    /// Runs the commands in a file. Nought on success.
    pub fn nft_run_cmd_from_filename(ctx: *mut nft_ctx, filename: *const c_char) -> c_int;
}
