//! `/var/lib/dpkg/diversions`: three lines for each diversion.

use crate::merge::Diversion;

/// The text of the file.
pub(super) fn diversions(diversions: &[Diversion]) -> String {
    let mut sorted: Vec<&Diversion> = diversions.iter().collect();
    sorted.sort_by_key(|diversion| (bin(diversion.path.as_str()), &diversion.path));
    let lines = |diversion: &&Diversion| {
        format!("/{}\n/{}\n{}\n", diversion.path, diversion.to, diversion.package)
    };
    sorted.iter().map(lines).collect()
}

/// dpkg writes diversions in the order of its table of file names: by FNV-1a of the name, modulo the
/// number of bins (`lib/dpkg/fsys-hash.c`).
fn bin(path: &str) -> u32 {
    const BINS: u32 = 262_139;
    path.bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(16_777_619))
        % BINS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_in_the_order_of_dpkgs_table() {
        let names = ["lib32", "libo32", "libx32"].map(|name| Diversion {
            package: "base-files".to_owned(),
            path: name.parse().unwrap(),
            to: format!(".{name}.usr-is-merged").parse().unwrap(),
        });
        let text = diversions(&names);
        let firsts: Vec<&str> = text.lines().step_by(3).collect();
        assert_eq!(firsts, ["/libx32", "/lib32", "/libo32"]);
    }
}
