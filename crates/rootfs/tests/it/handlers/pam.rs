//! `/etc/pam.d` of small roots; `real_root` compares with `pam-auth-update`.

use filetree::Tree;
use names::Epoch;
use rootfs::handlers::pam::update;

use super::written::{chain, put, text, tree};

const TEMPLATE: &str = "# top\n# here are the per-package modules (the \"Primary\" block)\nold\n\
    # here's the fallback if no module succeeds\nauth requisite pam_deny.so\n\
    # and here are more per-package modules (the \"Additional\" block)\nold\n\
    # end of pam-auth-update config\n";

const UNIX: &str = "Name: Unix\nDefault: yes\nPriority: 256\nAuth-Type: Primary\nAuth:\n\
    \t[success=end default=ignore]\tpam_unix.so nullok try_first_pass\nAuth-Initial:\n\
    \t[success=end default=ignore]\tpam_unix.so nullok\n";

fn root(profiles: &[(&str, &str)]) -> Tree {
    let mut tree = tree(&[]);
    for part in ["auth", "account", "password", "session", "session-noninteractive"] {
        put(&mut tree, &format!("usr/share/pam/common-{part}"), TEMPLATE.as_bytes());
    }
    for (name, text) in profiles {
        put(&mut tree, &format!("usr/share/pam-configs/{name}"), text.as_bytes());
    }
    tree
}

#[test]
fn modules_are_merged_by_priority_and_jumps_counted() {
    let directory = "Name: D\nDefault: yes\nPriority: 512\nAuth-Type: Primary\nAuth:\n\
        \t[success=end default=ignore]\tpam_d.so  a   b\n\t[success=1]\tpam_e.so\n\
        Session-Type: Additional\nSession-Interactive-Only: yes\nSession:\n\toptional\tpam_d.so\n";
    let off = "Name: Off\nDefault: no\nPriority: 900\nAuth-Type: Primary\nAuth:\n\trequired x\n";
    let mut tree = root(&[("unix", UNIX), ("d", directory), ("off", off), ("unix~", "broken")]);
    update(&mut tree, Epoch(1)).unwrap();
    let auth = text(&tree, "etc/pam.d/common-auth");
    let primary = "# here are the per-package modules (the \"Primary\" block)\n\
        auth\t[success=3 default=ignore]\tpam_d.so a b\nauth\t[success=1]\tpam_e.so \n\
        auth\t[success=1 default=ignore]\tpam_unix.so nullok try_first_pass\n\
        # here's the fallback";
    assert!(auth.contains(primary), "{auth}");
    assert!(!auth.contains("old"), "{auth}");
    let session = text(&tree, "etc/pam.d/common-session");
    assert!(session.contains("session\t[default=1]\t\t\tpam_permit.so\n"), "{session}");
    assert!(session.contains("\nsession\toptional\tpam_d.so \n# end"), "{session}");
    assert!(!text(&tree, "etc/pam.d/common-session-noninteractive").contains("pam_d.so"));
    assert_eq!(text(&tree, "var/lib/pam/seen"), "off\nd\nunix\n");
    let saved = "Module: null\n[default=1]\t\t\tpam_permit.so\nModule: d\noptional\tpam_d.so\n";
    assert_eq!(text(&tree, "var/lib/pam/session"), saved);
}

#[test]
fn the_profile_of_lower_priority_gives_way() {
    let other = "Name: O\nDefault: yes\nPriority: 300\nConflicts: unix\nAuth-Type: Primary\n\
        Auth:\n\trequired\tpam_o.so\n";
    let mut tree = root(&[("unix", UNIX), ("o", other)]);
    update(&mut tree, Epoch(1)).unwrap();
    let auth = text(&tree, "etc/pam.d/common-auth");
    assert!(auth.contains("auth\trequired\tpam_o.so \n") && !auth.contains("unix"), "{auth}");
}

#[test]
fn faults_name_the_file() {
    let check = |mut tree: Tree, expected: &str| {
        assert_eq!(chain(&update(&mut tree, Epoch(1)).unwrap_err()), expected);
    };
    check(
        root(&[]),
        "/usr/share/pam-configs: no profile has `Default: yes`: add libpam-runtime, which ships `unix`",
    );
    let bad = "Default: yes\nAuth-Type: Primary\nAuth:\n\trequired\n";
    check(
        root(&[("bad", bad)]),
        "/usr/share/pam-configs/bad: `required` is no control and module: mend or drop the profile",
    );
    let mut tree = root(&[("unix", UNIX)]);
    put(&mut tree, "usr/share/pam/common-auth", b"# nothing\n");
    check(
        tree,
        "/usr/share/pam/common-auth: the mark `# here are the per-package modules (the \"Primary\" \
         block)` is missing: look for another template",
    );
}
