//! Rules of the house, as tests that read the source and name file, line and remedy.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "repo/architecture.rs"]
mod architecture;
#[path = "repo/generated.rs"]
mod generated;
#[path = "repo/queries.rs"]
mod queries;
#[path = "repo/tidy.rs"]
mod tidy;

use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder whose name ends in `ending`, sorted.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() && !["target", "node_modules", ".git", "data"].iter().any(|name| path.ends_with(name)) {
            found.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}
