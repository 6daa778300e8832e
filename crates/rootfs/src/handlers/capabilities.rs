//! Capabilities of programs, as `setcap` of libcap writes them.

use distro::Capability;
use filetree::{Kind, Tree, TreePath};

/// The extended attribute that holds them.
pub const ATTRIBUTE: &str = "security.capability";

/// The program is none.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("/{path} is no regular file, and only such can have capabilities")]
pub struct NoProgram {
    /// Where it should be.
    pub path: TreePath,
}

/// Gives the program at `path` these capabilities, permitted and effective (`setcap NAME,...+ep`), and
/// takes its set-user-ID bit.
///
/// # Errors
/// When there is no regular file at `path`, whose links must have been followed.
pub fn set(tree: &mut Tree, path: &TreePath, capabilities: &[Capability]) -> Result<(), NoProgram> {
    let node = tree.get_mut(path).filter(|node| matches!(node.kind, Kind::File(_)));
    let node = node.ok_or_else(|| NoProgram { path: path.clone() })?;
    node.mode &= !0o4000;
    node.attributes.insert(ATTRIBUTE.to_owned(), value(capabilities));
    Ok(())
}

/// `struct vfs_cap_data` of revision 2 (`linux/capability.h`): a head with the revision and the bit for
/// "effective", then the permitted and inheritable capabilities 0 to 31, then the same of 32 to 63.
fn value(capabilities: &[Capability]) -> Vec<u8> {
    const REVISION_2: u32 = 0x0200_0000;
    const EFFECTIVE: u32 = 1;
    let permitted = capabilities.iter().fold(0, |set: u64, one| set | 1 << one.number());
    let half = |shift: u32| (permitted >> shift & u64::from(u32::MAX)) as u32;
    let words = [REVISION_2 | EFFECTIVE, half(0), 0, half(32), 0];
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use filetree::{Content, Node};
    use names::Epoch;

    use super::*;

    #[test]
    fn a_program_gets_capabilities_and_nothing_else_does() {
        let mut tree = Tree::new();
        let program: TreePath = "usr/bin/arping".parse().unwrap();
        let node = Node::file(0o4755, Epoch(1), Content::from_bytes("program"));
        tree.insert_with_parents(program.clone(), node).unwrap();
        let both = ["cap_net_raw", "cap_bpf"].map(|name| name.parse().unwrap());
        set(&mut tree, &program, &both).unwrap();
        let node = tree.get(&program).unwrap();
        assert_eq!(node.mode, 0o755);
        let want = [[1, 0, 0, 2], [0, 32, 0, 0], [0; 4], [128, 0, 0, 0], [0; 4]].concat();
        assert_eq!(node.attributes[ATTRIBUTE], want);
        for path in ["usr/bin", "usr/bin/none"] {
            assert!(set(&mut tree, &path.parse().unwrap(), &both).is_err(), "{path}");
        }
    }
}
