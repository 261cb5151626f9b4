#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| sasl::fuzzing::sasl_server(data));
