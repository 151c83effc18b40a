//! Packing and unpacking what comes from standard input, to standard output.

use std::io;

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Compress.
    Pack,
    /// Decompress.
    Unpack,
}

/// Does it with zlib.
///
/// # Errors
/// Where the input is no gzip file, or cannot be read, or the output cannot be written.
#[cfg(feature = "zlib")]
pub fn run(direction: Direction) -> io::Result<()> {
    use std::io::Write;

    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    match direction {
        Direction::Pack => {
            let level = flate2::Compression::default();
            let mut encoder = flate2::write::GzEncoder::new(&mut output, level);
            io::copy(&mut input, &mut encoder)?;
            encoder.finish()?;
        }
        Direction::Unpack => {
            let mut decoder = flate2::read::MultiGzDecoder::new(input);
            io::copy(&mut decoder, &mut output)?;
        }
    }
    output.flush()
}

/// Does it with the gzip program.
///
/// # Errors
/// Where that cannot be started, or fails.
#[cfg(not(feature = "zlib"))]
pub fn run(direction: Direction) -> io::Result<()> {
    let mut gzip = std::process::Command::new("gzip");
    gzip.arg("--stdout");
    if direction == Direction::Unpack {
        gzip.arg("--decompress");
    }
    let status = gzip
        .status()
        .map_err(|error| io::Error::other(format!("gzip cannot be started: {error}")))?;
    match status.success() {
        true => Ok(()),
        false => Err(io::Error::other(format!("gzip failed ({status})"))),
    }
}
