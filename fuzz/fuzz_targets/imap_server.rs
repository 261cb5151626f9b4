#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| imap::fuzzing::imap_server(data));
