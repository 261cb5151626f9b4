#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| sdp::fuzzing::sdp_part(data));
