//! Media that would leave by one call and come back by another: both ends are told of each other, and nothing is relayed
//! (media.md §1, 9). Whoever sends an offer back shows ports of ours in it, and they tell where it began.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use sdp::Description;
use service::media::MediaSide;
use uuid::Uuid;

use crate::call::{Call, Leg};
use crate::control::{Shared, locked};

/// A call, and toward whom a port of it is: the callee of a branch, or the caller.
pub(crate) type Toward = (Uuid, Option<u32>);

/// Where an offer began that came back.
#[derive(Debug)]
pub(crate) struct Beginning {
    pub(crate) call: Uuid,
    pub(crate) side: MediaSide,
    pub(crate) description: Description,
    pub(crate) place: Place,
}

/// The address of an end, and its port for each m-line that is not rejected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) address: IpAddr,
    pub(crate) ports: Vec<Option<u16>>,
}

impl Place {
    /// `None` unless the description has one address that is no hold, and RTCP is beside RTP.
    fn of(description: &Description) -> Option<Self> {
        let mut address = None;
        let mut ports = Vec::with_capacity(description.media.len());
        for media in &description.media {
            if media.port == 0 {
                ports.push(None);
                continue;
            }
            let connection = description.connection_of(media).filter(|connection| !connection.hold)?;
            let here = connection.address?.to_canonical();
            let beside = media.rtcp.is_none_or(|rtcp| rtcp.port == media.port.wrapping_add(1) && rtcp.address.is_none_or(|other| other.to_canonical() == here));
            if *address.get_or_insert(here) != here || !beside {
                return None;
            }
            ports.push(Some(media.port));
        }
        Some(Self { address: address?, ports })
    }
}

impl Shared {
    /// Where an offer began whose addresses are ports of ours, all of one call, when who sends it is who they were shown to.
    pub(crate) fn beginning(&self, id: Uuid, from: &MediaSide, offer: &Description) -> Option<Beginning> {
        let back = Place::of(offer)?;
        let mut found: Option<Toward> = None;
        for port in back.ports.iter().flatten() {
            let toward = *locked(&self.shown).get(&SocketAddr::new(back.address, *port))?;
            if *found.get_or_insert(toward) != toward {
                return None;
            }
        }
        let (call, toward) = found.filter(|(call, _)| *call != id)?;
        let found = self.find(call)?;
        let found = locked(&found);
        let branch = found.branches.get(&toward.or_else(|| found.branch_number(None))?)?;
        let (caller, callee) = (found.caller?, branch.side?);
        let (side, other) = if toward.is_some() { (caller, callee) } else { (callee, caller) };
        let exchange = branch.exchange.as_ref().filter(|_| other.source.to_canonical() == from.source.to_canonical())?;
        let description = if exchange.from_caller == toward.is_some() { &exchange.offer } else { exchange.answer.as_ref()? };
        Some(Beginning { call, side, description: description.clone(), place: Place::of(description)? })
    }

    /// An offer that came back is answered: where it began, the same answer is awaited.
    pub(crate) fn await_directly(&self, beginning: Uuid, answer: &Description) {
        if let Some(call) = self.find(beginning) {
            locked(&call).direct = Place::of(answer);
        }
    }

    /// Leaves a call alone when its answer is the one that was given to its own offer elsewhere; what to show of it.
    pub(crate) fn step_aside(&self, call: &mut Call, number: u32, from_caller: bool, answer: &Description) -> Option<Bytes> {
        // While it forks, its ports toward the caller are needed.
        let direct = call.direct.take().filter(|direct| call.branches.len() == 1 && Place::of(answer).as_ref() == Some(direct))?;
        let legs: Vec<Leg> = call.all_legs().copied().collect();
        self.close(call, &legs, std::time::Duration::ZERO);
        call.legs.clear();
        call.active = None;
        let branch = call.branches.get_mut(&number)?;
        branch.legs.clear();
        (branch.relayed, branch.exchange, branch.agreed) = (false, None, None);
        let shown = if from_caller { &mut branch.to_callee } else { &mut branch.to_caller };
        let body = shown.show(answer, direct.address, &direct.ports);
        self.order(call, crate::thread::Order::Forget(call.id));
        Some(body)
    }
}
