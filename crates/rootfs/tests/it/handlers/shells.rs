//! `/etc/shells` of small roots; `real_root` asks `update-shells`.

use names::Epoch;
use rootfs::handlers::shells::update;

use super::written::{chain, put, text, tree};

#[test]
fn shells_of_packages_are_added_and_those_of_people_stay() {
    let mut tree = tree(&[
        ("bin", "-> usr/bin"),
        ("usr/bin/", ""),
        ("usr/share/debianutils/shells", "# valid\n/bin/sh\n"),
        ("usr/share/debianutils/shells.d/zsh", "/bin/zsh# z\n\n/usr/bin/zsh\n/bin/cut"),
        ("usr/share/debianutils/shells.d/bash", "/bin/bash\n"),
    ]);
    update(&mut tree, Epoch(1)).unwrap();
    let all = "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/zsh\n/usr/bin/zsh\n";
    assert_eq!(text(&tree, "etc/shells"), format!("# valid\n{all}"));
    assert_eq!(text(&tree, "var/lib/shells.state"), all);

    // One is taken off by hand, one added, one repeated; a package goes.
    put(&mut tree, "etc/shells", b"/bin/sh\n/bin/zsh\n/opt/own # mine\n/bin/sh\n");
    tree.remove(&"usr/share/debianutils/shells.d/zsh".parse().unwrap());
    update(&mut tree, Epoch(1)).unwrap();
    assert_eq!(text(&tree, "etc/shells"), "/bin/sh\n/opt/own # mine\n");
}

#[test]
fn a_root_without_debianutils_is_an_error() {
    let error = update(&mut tree(&[]), Epoch(1)).unwrap_err();
    let expected = "/etc/shells cannot be put together from /usr/share/debianutils/shells.d: \
                    /usr/share/debianutils/shells: there is no such file: \
                    add the package that ships it";
    assert_eq!(chain(&error), expected);
}
