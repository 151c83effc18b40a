//! The process in which the library driver's tests call libnftables; `tidegated` is its own.

fn main() -> std::io::Result<()> {
    tidegate_nft_drivers::serve_library()
}
