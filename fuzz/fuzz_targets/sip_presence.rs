#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| sip::fuzzing::sip_presence(data));
