//! Tables for people: columns as wide as their longest entry.

use serde_json::Value;

pub(crate) struct Table<const N: usize> {
    rows: Vec<[String; N]>,
}

impl<const N: usize> Table<N> {
    pub(crate) fn new(head: &[&str; N]) -> Self {
        Self { rows: vec![head.map(str::to_owned)] }
    }

    pub(crate) fn row(&mut self, row: [String; N]) {
        self.rows.push(row.map(|entry| if entry.is_empty() { "-".to_owned() } else { entry.replace(|c: char| c.is_control(), " ") }));
    }

    pub(crate) fn print(&self) -> String {
        let mut widths = [0; N];
        for row in &self.rows {
            widths.iter_mut().zip(row).for_each(|(width, entry)| *width = (*width).max(entry.chars().count()));
        }
        let line = |row: &[String; N]| row.iter().zip(widths).map(|(entry, width)| format!("{entry:width$}")).collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n";
        self.rows.iter().map(line).collect()
    }
}

/// What stands in a field of an answer.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let mut table = Table::new(&["A", "LONG"]);
        table.row(["äöü".to_owned(), String::new()]);
        table.row(["x".to_owned(), "a\nb".to_owned()]);
        assert_eq!(table.print(), "A    LONG\näöü  -\nx    a b\n");
    }
}
