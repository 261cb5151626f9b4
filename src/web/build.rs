//! Lists what `npm run build` left in web/dist, to be put into the program; nothing there is no error.

use std::fmt::Write;
use std::path::{Path, PathBuf};

fn main() {
    let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/dist");
    println!("cargo:rerun-if-changed={}", dist.display());
    let mut paths = Vec::new();
    collect(&dist, &mut paths);
    // By text, as they are looked for; paths would be compared part by part.
    paths.sort_by(|a, b| a.to_str().cmp(&b.to_str()));
    let mut text = String::from("pub(crate) static FILES: &[File] = &[\n");
    for path in &paths {
        let Some(name) = path.strip_prefix(&dist).ok().and_then(Path::to_str) else { continue };
        if name.starts_with('.') || name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let Ok(octets) = std::fs::read(path) else { continue };
        let (br, gz) = (beside(path, "br"), beside(path, "gz"));
        let _ = writeln!(text, "File {{ name: {name:?}, tag: \"{:016x}\", plain: include_bytes!({path:?}), br: {br}, gz: {gz} }},", fnv(&octets));
    }
    text.push_str("];\n");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").unwrap_or_default()).join("files.rs");
    if let Err(error) = std::fs::write(&out, text) {
        println!("cargo:error={}: {error}", out.display());
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}

/// The compressed twin of a file, as an expression.
fn beside(path: &Path, suffix: &str) -> String {
    let twin = PathBuf::from(format!("{}.{suffix}", path.display()));
    if twin.is_file() { format!("Some(include_bytes!({twin:?}))") } else { "None".to_owned() }
}

/// FNV-1a: names a content, guards nothing.
fn fnv(octets: &[u8]) -> u64 {
    octets.iter().fold(0xcbf2_9ce4_8422_2325, |hash, octet| (hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3))
}
