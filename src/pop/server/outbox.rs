use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use types::stream::Output;

use crate::protocol::Question;

/// Bodies shorter than this are copied into the text around them rather than sent apart.
const COPY_MAX: usize = 4096;

/// What is to be done, in order; text gathers in one buffer.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    buffer: BytesMut,
    queue: VecDeque<Output<Question>>,
}

impl Outbox {
    pub(super) fn put(&mut self, text: &str) {
        self.buffer.extend_from_slice(text.as_bytes());
    }

    /// Bytes of a message, not copied when they are many.
    pub(super) fn body(&mut self, bytes: Bytes) {
        if bytes.len() < COPY_MAX {
            self.buffer.extend_from_slice(&bytes);
        } else {
            self.flush();
            self.queue.push_back(Output::Send(bytes));
        }
    }

    fn flush(&mut self) {
        if !self.buffer.is_empty() {
            let text = std::mem::take(&mut self.buffer).freeze();
            self.queue.push_back(Output::Send(text));
        }
    }

    pub(super) fn push(&mut self, output: Output<Question>) {
        self.flush();
        self.queue.push_back(output);
    }

    pub(super) fn pop(&mut self) -> Option<Output<Question>> {
        if self.queue.is_empty() {
            self.flush();
        }
        self.queue.pop_front()
    }
}
