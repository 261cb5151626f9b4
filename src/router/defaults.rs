//! The records every new server gets.

use crate::table::{Line, Table};

/// The default records as text; accounts `postmaster` and `pbx` go with them.
pub const DEFAULT_TABLE: &str = "\
; --- service addresses of the server
NoRelay:<blacklist-admin*@blacklisted> = postmaster
NoRelay:Mail:<root> = postmaster
NoRelay:Mail:<abuse> = postmaster
NoRelay:Mail:<hostmaster> = postmaster
NoRelay:Mail:<webmaster> = postmaster
NoRelay:Mail:<security> = postmaster
; --- emergency numbers
NoRelay:Signal:<112@(local)> = emergency#pbx
NoRelay:Signal:<911@(local)> = emergency#pbx
; --- PBX centre functions 7nn, in the Domain of the called name
NoRelay:Signal:<7(2d)@(local)> = pbx@*
; --- *nn service codes, *nnn to *nnnnn voice mail of a numeric alias
NoRelay:Signal:<\\*(2d)@(local)> = service{*}#pbx
NoRelay:Signal:<\\*(3-5d)@(local)> = voicemail#*@*
; --- international dialling
NoRelay:Signal:<00(7-15d)@(local)> = +*@telnum
";

/// The default records as lines without identity.
pub fn default_lines() -> Vec<Line> {
    Table::parse(DEFAULT_TABLE)
        .map(|table| table.lines)
        .unwrap_or_default()
}
