#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rules::fuzzing::signal_rules(data));
