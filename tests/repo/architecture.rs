//! Arrows only point down, and the pure floor stays pure.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

struct Room {
    floor: i64,
    beside: BTreeSet<String>,
    uses: BTreeSet<String>,
}

fn rooms() -> BTreeMap<String, Room> {
    let output = Command::new(env!("CARGO")).args(["metadata", "--no-deps", "--format-version=1", "--offline"]).current_dir(super::root()).output().unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| {
            let place = &package["metadata"]["postamt"];
            let beside = place["beside"].as_array().into_iter().flatten().map(text).collect();
            let uses = package["dependencies"].as_array().unwrap().iter().filter(|d| d["path"].is_string() && d["kind"].is_null()).map(|d| text(&d["name"])).collect();
            let floor = place["floor"].as_i64().unwrap_or_else(|| panic!("{}: state its floor in [package.metadata.postamt]", package["name"]));
            (text(&package["name"]), Room { floor, beside, uses })
        })
        .collect()
}

#[test]
fn arrows_only_point_down() {
    let rooms = rooms();
    let mut faults = Vec::new();
    for (name, room) in &rooms {
        for used in &room.uses {
            let down = rooms[used].floor < room.floor;
            if !down && !(rooms[used].floor == room.floor && room.beside.contains(used)) {
                faults.push(format!("src/{name}/Cargo.toml: error: {name} (floor {}) may not use {used} (floor {})", room.floor, rooms[used].floor));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_pure_floor_reaches_no_io() {
    let mut faults = Vec::new();
    for (name, room) in rooms().iter().filter(|(_, room)| room.floor <= 1) {
        let output = Command::new(env!("CARGO")).args(["tree", "-p", name, "-e", "normal", "--prefix", "none", "--offline"]).current_dir(super::root()).output().unwrap();
        assert!(output.status.success(), "cargo tree -p {name}: {}", String::from_utf8_lossy(&output.stderr));
        for line in String::from_utf8_lossy(&output.stdout).lines() {
            let dependency = line.split(' ').next().unwrap_or_default();
            if ["tokio", "sqlx", "hyper", "axum"].contains(&dependency) {
                faults.push(format!("src/{name}/Cargo.toml: error: floor {} reaches {dependency}", room.floor));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_folder_in_src_is_a_room() {
    let rooms = rooms();
    for entry in std::fs::read_dir(super::root().join("src")).unwrap().flatten().filter(|e| e.path().is_dir()) {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(rooms.contains_key(&name), "src/{name}: error: a folder without a room of that name");
    }
}
