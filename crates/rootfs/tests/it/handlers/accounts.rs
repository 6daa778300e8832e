//! Account files of small roots; `real_root` compares with useradd and its kin.

use names::Epoch;
use rootfs::handlers::accounts::{
    Group, Style, User, add_group, add_member, add_service_account, add_user, enable_shadow,
    install_base,
};

use super::written::{chain, put, text, tree};

const DAY: Epoch = Epoch(20_000 * 86_400 + 86_399);

#[test]
fn accounts_are_added_with_and_without_shadow() {
    let mut tree = tree(&[
        ("usr/share/base-passwd/passwd.master", "root:*:0:0:root:/root:/bin/bash\n"),
        ("usr/share/base-passwd/group.master", "root:*:0:\nshadow:*:42:\n"),
    ]);
    install_base(&mut tree, DAY).unwrap();
    add_service_account(&mut tree, "early", 5, "", "/", DAY).unwrap();
    assert_eq!(text(&tree, "etc/group"), "root:*:0:\nshadow:*:42:\nearly:!:5:\n");
    assert_eq!(text(&tree, "etc/subuid"), "");
    assert!(tree.at("etc/shadow").is_none());

    enable_shadow(&mut tree, DAY).unwrap();
    let style = Style::Sysusers;
    let group = Group { name: "bus".into(), gid: 7, members: vec!["early".into()], style };
    add_group(&mut tree, &group, DAY).unwrap();
    let user = User {
        name: "bus".into(),
        uid: 7,
        gid: 7,
        gecos: "Bus".into(),
        home: "/".into(),
        shell: "/bin/sh".into(),
        style,
    };
    add_user(&mut tree, &user, DAY).unwrap();
    add_member(&mut tree, "root", "bus", DAY).unwrap();
    let expected = "root:x:0:0:root:/root:/bin/bash\nearly:x:5:5:::/usr/sbin/nologin\n";
    let expected = expected.replace(":::", "::/:") + "bus:x:7:7:Bus:/:/bin/sh\n";
    assert_eq!(text(&tree, "etc/passwd"), expected);
    let expected = "root:*:20000:0:99999:7:::\nearly:!:20000:0:99999:7:::\nbus:!*:20000::::::\n";
    assert_eq!(text(&tree, "etc/shadow"), expected);
    assert_eq!(
        text(&tree, "etc/group"),
        "root:x:0:\nshadow:x:42:\nearly:x:5:\nbus:x:7:early,root\n"
    );
    let expected = "root:*::\nshadow:*::\nearly:!::\nbus:!*::early,root\n";
    assert_eq!(text(&tree, "etc/gshadow"), expected);
    let shadow = tree.at("etc/shadow").unwrap();
    assert_eq!((shadow.mode, shadow.uid, shadow.gid), (0o640, 0, 42));
}

#[test]
fn what_is_taken_or_missing_is_refused() {
    let accounts = [
        ("etc/passwd", "root:x:0:0:root:/root:/bin/sh\na:x:5:5::/:/bin/sh\n"),
        ("etc/group", "root:x:0:\nb:x:5:\nc:x:6:\n"),
    ];
    let service = |name: &str, id: u32| {
        let mut tree = tree(&accounts);
        let error = add_service_account(&mut tree, name, id, "x", "/", DAY).unwrap_err();
        chain(&error)
    };
    assert_eq!(service("b", 9), "/etc/group: there is a `b` already: choose another name");
    assert_eq!(service("a", 9), "/etc/passwd: there is a `a` already: choose another name");
    let expected = "/etc/group: `x` cannot have id 6, it is `c`'s: choose another id";
    assert_eq!(service("x", 6), expected);
    let mut broken = tree(&accounts);
    put(&mut broken, "etc/passwd", b"root:x:0:0:root:/root\n");
    let error = add_service_account(&mut broken, "x", 9, "x", "/", DAY).unwrap_err();
    let expected = "/etc/passwd:1: not the fields of an account: look which package writes it";
    assert_eq!(chain(&error), expected);
    let error = add_member(&mut tree(&accounts), "a", "none", DAY).unwrap_err();
    let expected = "/etc/group: there is no group none for `a`: add the group first";
    assert_eq!(chain(&error), expected);
}
