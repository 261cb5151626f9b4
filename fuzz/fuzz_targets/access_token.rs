#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| credentials::fuzzing::access_token(data));
