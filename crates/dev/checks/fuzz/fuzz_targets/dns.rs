#![no_main]

libfuzzer_sys::fuzz_target!(|input: (&[u8], &[u8])| {
    let (bytes, reply) = input;
    tidegate_checks::dns(bytes, reply);
});
