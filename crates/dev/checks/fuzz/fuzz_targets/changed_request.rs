#![no_main]

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &str)| {
    let (which, place, text) = input;
    tidegate_checks::changed_request(which, place, text);
});
