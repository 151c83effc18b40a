#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| tidegate_checks::request(body));
