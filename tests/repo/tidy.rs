//! Size, names and reminders.

use super::{files, root};

const LONGEST_FILE: usize = 1000;

#[test]
fn files_are_tidy() {
    let mut faults = Vec::new();
    let mut sources = files(&root().join("src"), ".rs");
    sources.extend(files(&root().join("tests"), ".rs"));
    assert!(sources.len() > 20, "the sources were not found");
    for path in sources {
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(root()).unwrap().display();
        if text.lines().count() > LONGEST_FILE {
            faults.push(format!("{shown}: error: more than {LONGEST_FILE} lines; find the seam"));
        }
        if path.ends_with("mod.rs") {
            faults.push(format!("{shown}: error: modules are name.rs plus name/, not mod.rs"));
        }
        // Spelt in pieces, so that this file does not find itself.
        for reminder in [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("todo", "!("), concat!("unimplemented", "!(")] {
            for (index, _) in text.lines().enumerate().filter(|(_, line)| line.contains(reminder)) {
                faults.push(format!("{shown}:{}: error: {reminder} is left; finish it or drop it", index + 1));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_library_says_what_it_is() {
    for path in files(&root().join("src"), "/lib.rs") {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.starts_with("//! "), "{}: error: open with what the room is", path.display());
    }
}

#[test]
fn every_proc_macro_crate_and_room_inherits_the_lints() {
    for path in files(&root().join("src"), "/Cargo.toml") {
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("[lints]\nworkspace = true"), "{}: error: lints come from the workspace", path.display());
    }
}
