#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| pop::fuzzing::pop_server(data));
