//! A context of libnftables.

use std::ffi::{CStr, CString, c_char, c_uint};
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::fd::AsRawFd;
use std::ptr::NonNull;
use std::sync::{Mutex, PoisonError};

use libnftables_sys as sys;
use rustix::fs::{MemfdFlags, memfd_create};

use crate::OpenError;

/// The most of the error text that is copied: the library quotes a line for each refused command.
const ERRORS_KEPT: usize = 512 * 1024;

/// The most bytes of commands that are handed over in a buffer. The library copies them several times.
const IN_BUFFER: usize = 64 * 1024;

/// Held while a context is made, and while one lists: parts of the library, and the functions of
/// libc that give protocols and services their names, keep their results in static memory.
static NOT_REENTRANT: Mutex<()> = Mutex::new(());

/// A `struct nft_ctx` that collects output and errors. Neither `Send` nor `Sync`.
#[derive(Debug)]
pub struct Context {
    raw: NonNull<sys::nft_ctx>,
    commands: File,
    /// Of the memory file, as the library opens it.
    path: CString,
}

/// How a listing is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As `nft list`.
    Text,
    /// As `nft -s -a list`: without counters' values, with handles.
    Handles,
    /// As `nft -n -j list`.
    Json,
}

/// What a run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunResult {
    /// Whether every command succeeded. When not, none was carried out.
    pub success: bool,
    /// What was written.
    pub output: String,
    /// The errors, bounded.
    pub errors: String,
}

impl Context {
    /// Makes a context in the network namespace of the calling thread.
    ///
    /// # Errors
    /// When it cannot have a netlink socket with a descriptor below 1024, or there is no memory.
    pub fn new() -> Result<Self, OpenError> {
        crate::descriptors::try_netlink().map_err(OpenError::Netlink)?;
        let (commands, path) = commands_file().map_err(OpenError::Commands)?;
        let _guard = NOT_REENTRANT.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: any flags may be passed, and this one is the documented default.
        let raw = unsafe { sys::nft_ctx_new(sys::NFT_CTX_DEFAULT) };
        let context = Self {
            raw: NonNull::new(raw).ok_or(OpenError::Context)?,
            commands,
            path,
        };
        // SAFETY: the context was just made and is not used elsewhere.
        let buffered =
            unsafe { sys::nft_ctx_buffer_output(raw) == 0 && sys::nft_ctx_buffer_error(raw) == 0 };
        if buffered {
            Ok(context)
        } else {
            Err(OpenError::Context)
        }
    }

    /// Runs commands, one a line: all or none. With `dry_run` they are only tried.
    ///
    /// Few are handed over in a buffer, which takes a fifth less time than in a file. Where they are refused, they
    /// are tried once more from the file, for the sake of what the errors say then.
    ///
    /// # Errors
    /// When the commands could not be handed over; nothing was run then.
    pub fn run(&mut self, commands: &str, dry_run: bool) -> io::Result<RunResult> {
        if commands.len() > IN_BUFFER {
            self.hand_over(commands)?;
            return Ok(self.run_handed_over(dry_run));
        }
        let outcome = self.run_buffer(&CString::new(commands)?, dry_run);
        if outcome.success {
            return Ok(outcome);
        }
        self.hand_over(commands)?;
        let tried = self.run_handed_over(true);
        // What was in the way may be gone by now. They were refused all the same.
        Ok(if tried.success { outcome } else { tried })
    }

    /// Runs one command that only reads, such as `list table inet t`.
    ///
    /// # Errors
    /// When the command could not be handed over.
    pub fn list(&mut self, command: &str, format: Format) -> io::Result<RunResult> {
        let flags = match format {
            Format::Text => 0,
            Format::Handles => sys::NFT_CTX_OUTPUT_STATELESS | sys::NFT_CTX_OUTPUT_HANDLE,
            Format::Json => sys::NFT_CTX_OUTPUT_JSON | sys::NFT_CTX_OUTPUT_NUMERIC_ALL,
        };
        self.read(command, flags)
    }

    /// Whether JSON is compiled into the library.
    ///
    /// # Errors
    /// Why that cannot be told.
    pub fn has_json(&mut self) -> Result<bool, String> {
        let nothing = self.read("{\"nftables\":[]}", sys::NFT_CTX_OUTPUT_JSON);
        let nothing = nothing.map_err(|error| error.to_string())?;
        match nothing.success {
            true => Ok(true),
            // Without JSON, the library takes it for its other language.
            false if nothing.errors.contains("syntax error") => Ok(false),
            false => Err(nothing.errors.trim().to_owned()),
        }
    }

    /// The release of the library as its JSON says it; `None` when it has no JSON or says nothing.
    #[must_use]
    pub fn version(&mut self) -> Option<String> {
        let listing = self
            .list("list tables", Format::Json)
            .ok()
            .filter(|listing| listing.success)?;
        let json: serde_json::Value = serde_json::from_str(&listing.output).ok()?;
        Some(
            json.pointer("/nftables/0/metainfo/version")?
                .as_str()?
                .to_owned(),
        )
    }

    fn read(&mut self, command: &str, flags: c_uint) -> io::Result<RunResult> {
        self.hand_over(command)?;
        let _guard = NOT_REENTRANT.lock().unwrap_or_else(PoisonError::into_inner);
        self.set_output_flags(flags);
        let outcome = self.run_handed_over(false);
        self.set_output_flags(0);
        Ok(outcome)
    }

    /// Puts commands into the file from which the library reads them. From a file, errors name the
    /// line and quote only that. From a buffer, they name no line and quote the first; and where
    /// the process lacks the privilege, the library writes to stderr past the error buffer.
    fn hand_over(&mut self, commands: &str) -> io::Result<()> {
        self.commands.set_len(0)?;
        self.commands.seek(SeekFrom::Start(0))?;
        self.commands.write_all(commands.as_bytes())
    }

    fn run_handed_over(&mut self, dry_run: bool) -> RunResult {
        // SAFETY: the context is live, and the path ends with a zero.
        let status = unsafe {
            sys::nft_ctx_set_dry_run(self.raw.as_ptr(), dry_run);
            sys::nft_run_cmd_from_filename(self.raw.as_ptr(), self.path.as_ptr())
        };
        self.outcome(status == 0)
    }

    fn run_buffer(&mut self, commands: &CStr, dry_run: bool) -> RunResult {
        // SAFETY: the context is live, and the text ends with a zero.
        let status = unsafe {
            sys::nft_ctx_set_dry_run(self.raw.as_ptr(), dry_run);
            sys::nft_run_cmd_from_buffer(self.raw.as_ptr(), commands.as_ptr())
        };
        self.outcome(status == 0)
    }

    fn set_output_flags(&mut self, flags: c_uint) {
        // SAFETY: the context is live; it takes any flags.
        unsafe { sys::nft_ctx_output_set_flags(self.raw.as_ptr(), flags) };
    }

    /// Takes output and errors, which also empties the library's buffers.
    fn outcome(&mut self, success: bool) -> RunResult {
        // SAFETY: the context is live; each buffer is valid until the context is used again, and
        // `copy` is done with it before.
        unsafe {
            let output = copy(
                sys::nft_ctx_get_output_buffer(self.raw.as_ptr()),
                usize::MAX,
            );
            let errors = copy(
                sys::nft_ctx_get_error_buffer(self.raw.as_ptr()),
                ERRORS_KEPT,
            );
            RunResult {
                success,
                output,
                errors,
            }
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context is live, and nobody uses it after this.
        unsafe { sys::nft_ctx_free(self.raw.as_ptr()) };
    }
}

/// A file in memory, and the path under which it can be opened again.
fn commands_file() -> io::Result<(File, CString)> {
    let file = File::from(memfd_create("nft-commands", MemfdFlags::CLOEXEC)?);
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    std::fs::metadata(&path)?;
    Ok((file, CString::new(path)?))
}

/// Copies at most `limit` bytes of a text of the library; null is an empty text.
///
/// # Safety
/// `text` is null, or ends with a zero and does not change meanwhile.
unsafe fn copy(text: *const c_char, limit: usize) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: as the caller vouches.
    let bytes = unsafe { CStr::from_ptr(text) }.to_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(limit)]).into_owned()
}
