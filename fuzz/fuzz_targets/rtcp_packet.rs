#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| rtp::fuzzing::rtcp_packet(data));
