//! Generated files are what the program says today; `UPDATE=1 cargo test --test repo` rewrites them.

use std::process::Command;

fn check(verb: &str, file: &str) {
    let output = Command::new(env!("CARGO_BIN_EXE_postamt")).arg(verb).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let path = super::root().join(file);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &output.stdout).unwrap();
    }
    let committed = std::fs::read(&path).unwrap_or_default();
    assert!(committed == output.stdout, "{file}: error: not what `postamt {verb}` prints; UPDATE=1 cargo test --test repo");
}

#[test]
fn the_openapi_document_is_current() {
    check("openapi", "openapi/postamt.json");
}

#[test]
fn the_graphql_schema_is_current() {
    check("schema", "schema/postamt.graphql");
}
