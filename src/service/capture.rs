//! Packets of the media of a call, kept for a while for who looks into it.

use model::call::CallRef;
use model::media::{CaptureMedia, MediaCapture};
use types::Timestamp;
use uuid::Uuid;

use crate::operation::{Call, Done, Octets};
use crate::voice::VoiceCommand;
use crate::{CaptureRefused, Captured, Error, Kind, Result, Service, now};

/// How long packets are taken: when nothing is said, and at most.
const SECONDS: u32 = 10;
const LONGEST: u32 = 60;

fn show(call: Uuid, captured: &Captured) -> MediaCapture {
    let micros = |micros: u64| i64::try_from(micros).unwrap_or(i64::MAX);
    let started = Timestamp::from_micros(now().micros().saturating_sub(micros(captured.age)));
    MediaCapture {
        call,
        full: captured.full,
        running: captured.age < captured.lasts,
        started_at: started,
        ends_at: Timestamp::from_micros(started.micros().saturating_add(micros(captured.lasts))),
        packets: i64::try_from(captured.packets.len()).unwrap_or(i64::MAX),
        octets: captured.packets.iter().map(|packet| i64::from(packet.length)).sum(),
        truncated: captured.truncated,
    }
}

impl Service {
    /// Begins to capture packets of a call.
    pub(crate) async fn capture_media(self, call: Call, input: CaptureMedia) -> Result<Done<MediaCapture>> {
        call.caller.may_server("media_capture")?;
        let seconds = input.seconds.unwrap_or(SECONDS);
        if !(1..=LONGEST).contains(&seconds) {
            return Err(Error::invalid("/seconds", "must be 1 to 60"));
        }
        let record = self.find_call(&call, input.call).await?;
        self.ask_voice(|answer| VoiceCommand::Capture(record.id, seconds, input.full, answer)).await?.map_err(|refused| match refused {
            CaptureRefused::NotRelayed => Error::wrong_state("Media of this call does not pass this server."),
            CaptureRefused::Running => Error::wrong_state("Packets of this call are captured already."),
            CaptureRefused::TooMany => Error::new(Kind::Limited(LONGEST.into()), "rate_limited", "Packets of too many calls are captured now; try again later."),
        })?;
        self.note_sip(&call, "captureMedia", &format!("{} {seconds} s {}", record.id, if input.full { "whole packets" } else { "headers" })).await?;
        Ok(show(record.id, &self.captured(record.id).await?).into())
    }

    /// Packets of a call that were captured, so far.
    pub(crate) async fn get_media_capture(self, call: Call, input: CallRef) -> Result<Done<MediaCapture>> {
        call.caller.may_server("media_capture")?;
        let record = self.find_call(&call, input.call).await?;
        let captured = self.captured(record.id).await?;
        let shown = show(record.id, &captured);
        if call.as_it_is {
            self.note_sip(&call, "getMediaCapture", &record.id.to_string()).await?;
            let data = crate::pcapng::media(shown.started_at, &captured.packets).into();
            let octets = Octets { media_type: "application/x-pcapng".to_owned(), name: Some(format!("{}-media.pcapng", record.id)), data };
            return Ok(Done { octets: Some(octets), ..shown.into() });
        }
        Ok(shown.into())
    }

    async fn captured(&self, call: Uuid) -> Result<Captured> {
        self.ask_voice(|answer| VoiceCommand::Captured(call, answer)).await?.ok_or_else(|| Error::not_found("capture"))
    }
}
