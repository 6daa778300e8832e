//! The files that RECORD lists (PyPA, "recording installed projects").

/// The file that `line` of the RECORD at `record` names, from where `record` begins: lines begin at the folder that
/// holds `.dist-info`, and programs lie above it.
pub(crate) fn place(record: &str, line: &str) -> String {
    let base = record.rsplitn(3, '/').nth(2).unwrap_or_default();
    let mut parts: Vec<&str> = base.split('/').filter(|part| !part.is_empty()).collect();
    for part in line.split('/') {
        match part {
            ".." => _ = parts.pop(),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_begin_beside_dist_info() {
        let record = "opt/x/lib/python3.13/site-packages/a-1.dist-info/RECORD";
        assert_eq!(place(record, "a/b.so"), "opt/x/lib/python3.13/site-packages/a/b.so");
        assert_eq!(place(record, "../../../bin/a"), "opt/x/bin/a");
        assert_eq!(place("a-1.dist-info/RECORD", "a.py"), "a.py");
    }
}
