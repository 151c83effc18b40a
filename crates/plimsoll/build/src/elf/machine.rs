//! The architecture of an ELF file.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::ElfError;

/// How much of a file says whether it is loaded, and by which processor: `e_ident`, `e_type` and `e_machine` of elf(5).
const START: u64 = 20;

/// The processor (`e_machine`) of an ELF file that a system loads: a program, or a shared object. None for all other files, such
/// as an object file, or one for a virtual machine of the kernel.
///
/// # Errors
/// When the file cannot be read.
pub fn machine(path: &Path) -> Result<Option<u16>, ElfError> {
    let io = |source| ElfError::Io {
        path: path.to_owned(),
        source,
    };
    let mut start = Vec::new();
    let file = File::open(path).map_err(io)?;
    file.take(START).read_to_end(&mut start).map_err(io)?;
    Ok(of_start(&start))
}

fn of_start(start: &[u8]) -> Option<u16> {
    const EXECUTABLE: u16 = 2;
    const SHARED: u16 = 3;
    let number = |at: usize| {
        let bytes = [*start.get(at)?, *start.get(at + 1)?];
        match start.get(5)? {
            2 => Some(u16::from_be_bytes(bytes)),
            _ => Some(u16::from_le_bytes(bytes)),
        }
    };
    let is_loaded = start.starts_with(b"\x7fELF") && [EXECUTABLE, SHARED].contains(&number(16)?);
    is_loaded.then(|| number(18))?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(order: u8, kind: [u8; 2], machine: [u8; 2]) -> Vec<u8> {
        let mut start = b"\x7fELF\x02".to_vec();
        start.push(order);
        start.resize(16, 0);
        [start, kind.to_vec(), machine.to_vec()].concat()
    }

    #[test]
    fn programs_and_shared_objects_have_a_machine() {
        assert_eq!(of_start(&start(1, [2, 0], [62, 0])), Some(62));
        assert_eq!(of_start(&start(2, [0, 3], [0, 22])), Some(22));
        // An object file, as programs for the kernel's BPF are; a script; a file that is too short.
        assert_eq!(of_start(&start(1, [1, 0], [247, 0])), None);
        assert_eq!(of_start(b"#!/bin/sh\nexit 0 # a comment"), None);
        assert_eq!(of_start(b"\x7fELF"), None);
        assert_eq!(of_start(b""), None);
    }
}
