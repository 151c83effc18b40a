//! What archives are compressed with.

use std::io::{self, Read, Write};

use flate2::read::GzDecoder;
use flate2::{Compression, GzBuilder};
use lzma_rust2::XzReader;
use ruzstd::decoding::StreamingDecoder;

/// Compresses without name and time, so that the same content gives the same bytes.
pub(crate) fn gzip(content: &[u8]) -> io::Result<Vec<u8>> {
    // 255 is "unknown" in RFC 1952: the operating system must not show either.
    let mut encoder = GzBuilder::new()
        .mtime(0)
        .operating_system(255)
        .write(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    encoder.finish()
}

/// The plain bytes of gzip (RFC 1952), xz and zstd (RFC 8878) data, told apart by their first
/// bytes. What is none of these is returned as it is.
///
/// # Errors
/// When the data are cut off or damaged, or compressed by what is not read here (bzip2).
pub(crate) fn plain(content: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    match content.as_slice() {
        [0x1f, 0x8b, ..] => GzDecoder::new(content.as_slice()).read_to_end(&mut plain)?,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            XzReader::new(content.as_slice(), true).read_to_end(&mut plain)?
        }
        [0x28, 0xb5, 0x2f, 0xfd, ..] => return unzstd(&content),
        [b'B', b'Z', b'h', ..] => {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "it is compressed with bzip2, which is not read here",
            ));
        }
        _ => return Ok(content),
    };
    Ok(plain)
}

/// Every frame of the data, one after the other.
fn unzstd(mut content: &[u8]) -> io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    while !content.is_empty() {
        let mut decoder = StreamingDecoder::new(&mut content).map_err(io::Error::other)?;
        decoder.read_to_end(&mut plain)?;
    }
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_is_repeatable_and_reversible() {
        let once = gzip(b"the same bytes").unwrap();
        assert_eq!(once, gzip(b"the same bytes").unwrap());
        assert_eq!(plain(once).unwrap(), b"the same bytes");
    }

    #[test]
    fn what_is_not_compressed_stays_as_it_is() {
        assert_eq!(plain(b"plain".to_vec()).unwrap(), b"plain");
        assert_eq!(plain(Vec::new()).unwrap(), b"");
    }

    #[test]
    fn xz_and_zstd_are_read() {
        // `printf packed | xz -C crc32` and `printf packed | zstd --no-check`.
        let xz = b"\xfd\x37\x7a\x58\x5a\x00\x00\x01\x69\x22\xde\x36\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x05\x70\x61\x63\x6b\x65\x64\x00\x00\x00\x10\xb4\xf6\x21\x00\x01\x1a\x06\xc5\xea\xc8\x79\x90\x42\x99\x0d\x01\x00\x00\x00\x00\x01\x59\x5a";
        let zstd = b"\x28\xb5\x2f\xfd\x00\x58\x31\x00\x00\x70\x61\x63\x6b\x65\x64";
        assert_eq!(plain(xz.to_vec()).unwrap(), b"packed");
        assert_eq!(plain(zstd.to_vec()).unwrap(), b"packed");
        let two = [zstd.as_slice(), zstd.as_slice()].concat();
        assert_eq!(plain(two).unwrap(), b"packedpacked");
    }

    #[test]
    fn damage_and_bzip2_are_errors() {
        let mut cut = gzip(b"the same bytes").unwrap();
        cut.truncate(12);
        assert!(plain(cut).is_err());
        assert!(plain(b"BZh91AY".to_vec()).is_err());
    }
}
