use std::future::{Future, pending};
use std::io;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use types::Machine;
use types::stream::{Close, Input, Output};

use crate::Stream;

/// What a protocol's shell does for its machine: answer questions, bring news, upgrade to TLS.
pub trait Handler: Send {
    /// What the machine asks.
    type Question: Send;
    /// What it gets back.
    type Answer: Send;
    /// News it did not ask for.
    type Notice: Send;

    /// Answers one question of the machine.
    fn answer(&mut self, question: Self::Question) -> impl Future<Output = Self::Answer> + Send;

    /// Waits for news; must be cancel-safe. The default never has any.
    fn notice(&mut self) -> impl Future<Output = Self::Notice> + Send {
        pending()
    }

    /// Shakes hands on a clear stream.
    ///
    /// # Errors
    /// When the handshake fails; the session ends.
    fn start_tls(&mut self, stream: Stream) -> impl Future<Output = io::Result<Stream>> + Send;
}

const READ_SIZE: usize = 16 * 1024;
const STALLED_WRITE: Duration = Duration::from_secs(300);
const HANDSHAKE: Duration = Duration::from_secs(30);

/// Drives a machine over a stream until it closes: the only loop over a byte stream in the house.
///
/// # Errors
/// When the connection breaks. Faults of the peer's protocol are the machine's business.
pub async fn drive<M, H>(mut stream: Stream, machine: &mut M, handler: &mut H) -> io::Result<Close>
where
    M: Machine<Input = Input<H::Answer, H::Notice>, Output = Output<H::Question>> + Send,
    H: Handler,
{
    let mut read = BytesMut::new();
    let mut next = Some(Input::Connected);
    loop {
        if let Some(input) = next.take() {
            machine.handle(Instant::now(), input);
        }
        while let Some(output) = machine.poll() {
            match output {
                Output::Send(bytes) => write(&mut stream, bytes, machine).await?,
                Output::Ask(question) => {
                    // What the peer is to read must not wait for the answer.
                    stream.flush().await?;
                    let answer = handler.answer(question).await;
                    machine.handle(Instant::now(), Input::Answer(answer));
                }
                Output::StartTls => {
                    stream.flush().await?;
                    stream = tokio::time::timeout(HANDSHAKE, handler.start_tls(stream)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
                    machine.handle(Instant::now(), Input::TlsReady);
                }
                Output::Close(reason) => {
                    let _ = tokio::time::timeout(Duration::from_secs(5), stream.shutdown()).await;
                    return Ok(reason);
                }
            }
        }
        stream.flush().await?;
        read.reserve(READ_SIZE);
        next = Some(tokio::select! {
            // News first: a command that was sent after a change is answered knowing of it.
            biased;
            notice = handler.notice() => Input::Notice(notice),
            got = stream.read_buf(&mut read) => match got {
                Ok(0) | Err(_) => Input::Closed,
                Ok(_) => Input::Received(read.split().freeze()),
            },
            () = deadline(machine.deadline()) => Input::Tick,
        });
    }
}

async fn write<M: Machine>(stream: &mut Stream, bytes: Bytes, _machine: &M) -> io::Result<()> {
    tokio::time::timeout(STALLED_WRITE, stream.write_all(&bytes)).await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}

async fn deadline(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => pending().await,
    }
}
