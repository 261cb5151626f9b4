use bytes::Bytes;

use crate::header::{Address, CSeq, Contact, Value, Via, ViaParts};
use crate::index::{Field, Index};
use crate::message::Fault;
use crate::scan::Items;
use crate::{Name, check, scan};

/// The octets of a message with an index of its header fields.
#[derive(Debug, Clone)]
pub struct Fields {
    octets: Bytes,
    start_line: u32,
    index: Vec<Field>,
    /// The bits of the names that are there.
    present: u64,
    head: u32,
    end: u32,
    /// The topmost Via once it has been read.
    via: Option<ViaParts>,
}

impl Fields {
    /// `end` is where the body ends.
    pub(crate) fn new(octets: Bytes, index: Index, end: usize) -> Self {
        Self {
            octets,
            start_line: index.start_line,
            present: index
                .fields
                .iter()
                .fold(0, |present, field| present | field.name.bit()),
            index: index.fields,
            head: index.head,
            end: crate::index::offset(end),
            via: None,
        }
    }

    /// Keeps what was read of the topmost Via, so that it is not read again.
    pub(crate) fn keep_via(&mut self, via: Option<ViaParts>) {
        self.via = via;
    }

    /// Where a part of this message begins and ends in it.
    pub(crate) fn range(&self, part: &[u8]) -> (u32, u32) {
        let start = self.place(part);
        (
            start,
            start.saturating_add(crate::index::offset(part.len())),
        )
    }

    /// The message as received, from the start line to the end of the body.
    pub fn octets(&self) -> Bytes {
        self.octets
            .slice(..self.octets.len().min(self.end as usize))
    }

    /// The message as received, borrowed.
    pub fn as_bytes(&self) -> &[u8] {
        self.between(0, self.end)
    }

    /// The start line without its line end.
    pub fn start_line(&self) -> &[u8] {
        self.between(0, self.start_line)
    }

    /// The body, which may be empty.
    pub fn body(&self) -> &[u8] {
        self.between(self.head, self.end)
    }

    pub(crate) fn between(&self, start: u32, end: u32) -> &[u8] {
        self.octets
            .get(start as usize..end as usize)
            .unwrap_or_default()
    }

    pub(crate) fn index(&self) -> &[Field] {
        &self.index
    }

    /// Where the first header field begins.
    pub(crate) fn first_line(&self) -> u32 {
        self.start_line.saturating_add(2)
    }

    /// Where the empty line begins.
    pub(crate) fn empty_line(&self) -> u32 {
        self.head.saturating_sub(2)
    }

    pub(crate) fn body_range(&self) -> (u32, u32) {
        (self.head, self.end)
    }

    pub(crate) fn value_of(&self, field: &Field) -> &[u8] {
        self.between(field.value, field.value_end)
    }

    /// Where a part of this message begins in it.
    pub(crate) fn place(&self, part: &[u8]) -> u32 {
        crate::index::offset((part.as_ptr() as usize).saturating_sub(self.octets.as_ptr() as usize))
    }

    /// All header fields in order: which it is, its name as written, its value.
    pub fn iter(&self) -> impl Iterator<Item = (Name, &str, &[u8])> {
        self.index.iter().map(|field| {
            let line = self.between(field.start, field.value);
            let name = line
                .split(|byte| matches!(byte, b':' | b' ' | b'\t'))
                .next()
                .unwrap_or_default();
            (
                field.name,
                scan::text(name).unwrap_or_default(),
                self.value_of(field),
            )
        })
    }

    /// The values of all fields of this name, in order.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.named(name).map(|field| self.value_of(field))
    }

    /// The fields of this name, in order.
    pub(crate) fn named(&self, name: Name) -> impl Iterator<Item = &Field> {
        // Most names that are asked for are absent or on top.
        let all = if self.present & name.bit() == 0 {
            &[]
        } else {
            self.index.as_slice()
        };
        all.iter().filter(move |field| field.name == name)
    }

    /// The value of the first field of this name, folded as it came.
    pub fn value(&self, name: Name) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// The values of fields with a name this room does not know, in any case.
    pub fn other<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let all = self.iter().filter(|(kind, _, _)| *kind == Name::Other);
        all.filter(move |(_, found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, _, value)| value)
    }

    /// The items of all fields of this name, split at commas (RFC 3261 §7.3.1).
    pub fn items(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.values(name).flat_map(Items::new)
    }

    /// The tokens of a list such as Require, Supported or Allow.
    pub fn tokens(&self, name: Name) -> impl Iterator<Item = &str> {
        self.items(name)
            .filter_map(scan::text)
            .filter(|token| !token.is_empty())
    }

    /// Reads the first field of this name, or its first item when it is a list.
    ///
    /// # Errors
    /// [`Fault::Bad`] when it cannot be read.
    pub fn first<'a, V: Value<'a>>(&'a self, name: Name) -> Result<Option<V>, Fault> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        let value = if name.is_list() {
            Items::new(value).next().unwrap_or_default()
        } else {
            value
        };
        V::parse(value).map(Some).map_err(|_| Fault::Bad(name))
    }

    /// Reads a field that must be there.
    ///
    /// # Errors
    /// [`Fault::Missing`] without it, [`Fault::Bad`] when it cannot be read.
    pub fn require<'a, V: Value<'a>>(&'a self, name: Name) -> Result<V, Fault> {
        self.first(name)?.ok_or(Fault::Missing(name))
    }

    /// Reads all fields of this name, or all their items when it is a list.
    pub fn all<'a, V: Value<'a>>(&'a self, name: Name) -> impl Iterator<Item = Result<V, Fault>> {
        let items = self.values(name).flat_map(move |value| {
            let (list, single) = if name.is_list() {
                (Some(Items::new(value)), None)
            } else {
                (None, Some(value))
            };
            list.into_iter().flatten().chain(single)
        });
        items.map(move |item| V::parse(item).map_err(|_| Fault::Bad(name)))
    }

    /// The topmost Via.
    ///
    /// # Errors
    /// [`Fault`] when it is absent or malformed.
    pub fn via(&self) -> Result<Via<'_>, Fault> {
        match &self.via {
            Some(parts) => Ok(Via::of_parts(parts, self)),
            None => self.require(Name::Via),
        }
    }

    /// From.
    ///
    /// # Errors
    /// [`Fault`] when it is absent or malformed.
    pub fn from(&self) -> Result<Address<'_>, Fault> {
        self.require(Name::From)
    }

    /// To.
    ///
    /// # Errors
    /// [`Fault`] when it is absent or malformed.
    pub fn to(&self) -> Result<Address<'_>, Fault> {
        self.require(Name::To)
    }

    /// CSeq.
    ///
    /// # Errors
    /// [`Fault`] when it is absent or malformed.
    pub fn cseq(&self) -> Result<CSeq<'_>, Fault> {
        self.require(Name::CSeq)
    }

    /// Call-ID; empty when it is absent.
    pub fn call_id(&self) -> &str {
        self.value(Name::CallId)
            .and_then(scan::text)
            .unwrap_or_default()
    }

    /// The contacts.
    pub fn contacts(&self) -> impl Iterator<Item = Result<Contact<'_>, Fault>> {
        self.all(Name::Contact)
    }

    /// Max-Forwards (RFC 3261 §20.22), `None` when it is absent.
    ///
    /// # Errors
    /// [`Fault::Bad`] for what is not 0 to 255.
    pub fn max_forwards(&self) -> Result<Option<u8>, Fault> {
        self.value(Name::MaxForwards)
            .map(check::hop_count)
            .transpose()
    }
}
