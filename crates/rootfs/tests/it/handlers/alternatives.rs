//! `update-alternatives` is the judge.

use std::path::Path;
use testkit::Random;

use filetree::Tree;
use names::Epoch;
use rootfs::handlers::alternatives::{Alternative, Slave, install};

use super::folder;
use super::written::{chain, text, tree};

fn awk(path: &str, priority: i32) -> Alternative {
    let page = |name: &str| format!("/usr/share/man/man1/{name}.1.gz");
    let name = path.rsplit('/').next().unwrap();
    let slave = Slave { name: "awk.1.gz".to_owned(), link: page("awk"), path: page(name) };
    Alternative {
        name: "awk".to_owned(),
        link: "/usr/bin/awk".to_owned(),
        path: path.to_owned(),
        priority,
        slaves: vec![slave],
    }
}

#[test]
fn the_best_choice_wins_and_slaves_follow_where_their_file_is() {
    let man = "usr/share/man/man1";
    let mut tree =
        tree(&[("usr/bin/mawk", ""), ("usr/bin/gawk", ""), (&format!("{man}/mawk.1.gz"), "")]);
    install(&mut tree, &[awk("/usr/bin/mawk", 5)], Epoch(9)).unwrap();
    assert!(
        tree.listing().contains("etc/alternatives/awk.1.gz -> /usr/share/man/man1/mawk.1.gz\n")
    );
    install(&mut tree, &[awk("/usr/bin/gawk", 10)], Epoch(9)).unwrap();
    let listing = tree.listing();
    assert!(listing.contains("etc/alternatives/awk -> /usr/bin/gawk\n"), "{listing}");
    assert!(listing.contains("usr/bin/awk -> /etc/alternatives/awk\n"), "{listing}");
    assert!(!listing.contains("awk.1.gz ->"), "{listing}");
    let expected = "auto\n/usr/bin/awk\nawk.1.gz\n/usr/share/man/man1/awk.1.gz\n\n\
                    /usr/bin/gawk\n10\n/usr/share/man/man1/gawk.1.gz\n\
                    /usr/bin/mawk\n5\n/usr/share/man/man1/mawk.1.gz\n\n";
    assert_eq!(text(&tree, "var/lib/dpkg/alternatives/awk"), expected);
    // A link has the time of what it leads to, as dpkg gives it.
    assert_eq!(tree.at("usr/bin/awk").unwrap().mtime, Epoch(3));
}

#[test]
fn faults_name_the_group_and_what_to_do() {
    let mut tree = tree(&[("usr/bin/mawk", ""), ("usr/bin/x", "")]);
    let mut check = |new: Alternative, expected: &str| {
        let error = install(&mut tree, &[new], Epoch(9)).unwrap_err();
        assert_eq!(chain(&error), expected);
    };
    check(
        awk("/usr/bin/gawk", 1),
        "alternative awk: /usr/bin/gawk does not exist: add the package that ships it",
    );
    check(
        awk("mawk", 1),
        "alternative awk: `mawk` is not an absolute path: correct the arguments in the script's effects",
    );
    let other = Alternative { name: "x".to_owned(), slaves: Vec::new(), ..awk("/usr/bin/x", 1) };
    install(&mut tree, &[awk("/usr/bin/mawk", 5)], Epoch(9)).unwrap();
    let error = install(&mut tree, &[other], Epoch(9)).unwrap_err();
    let expected = "alternative x: /usr/bin/awk belongs to awk already: change one of the two";
    assert_eq!(chain(&error), expected);
}

/// Many short histories of installations, with few names, so that they meet.
#[test]
#[ignore = "needs dpkg; .ci/run runs it"]
fn any_history_leaves_what_update_alternatives_leaves() {
    let mut numbers = Random::new(7);
    let (mut accepted, mut refused) = (0, 0);
    for history in 0..150 {
        let place = tempfile::tempdir().unwrap();
        let root = place.path();
        for path in ["usr/bin", "var/lib/dpkg/alternatives", "etc/alternatives", "var/log"] {
            std::fs::create_dir_all(root.join(path)).unwrap();
        }
        for file in 0..8 {
            if numbers.below(4) > 0 {
                std::fs::write(root.join(format!("usr/bin/file{file}")), "").unwrap();
            }
        }
        std::fs::write(root.join("usr/bin/link3"), "in the way").unwrap();
        let mut ours = folder::tree(root);
        let mut calls = Vec::new();
        for _ in 0..=numbers.below(6) {
            let new = random(&mut numbers);
            let done = install(&mut ours, std::slice::from_ref(&new), Epoch(1));
            let really = update_alternatives(root, &new);
            calls.push((new, really));
            assert_eq!(done.is_ok(), really, "history {history}: {calls:#?}\n{done:?}");
            match really {
                true => accepted += 1,
                false => refused += 1,
            }
            assert_eq!(
                listing(&ours),
                listing(&folder::tree(root)),
                "history {history}: {calls:#?}"
            );
        }
    }
    assert!(accepted > 100 && refused > 20, "{accepted} {refused}");
}

fn listing(tree: &Tree) -> Vec<String> {
    let listing = tree.listing();
    listing.lines().filter(|line| !line.contains("var/log")).map(str::to_owned).collect()
}

fn random(numbers: &mut Random) -> Alternative {
    let group = numbers.below(2);
    let mut link =
        |name: usize| format!("/usr/bin/link{}", if numbers.below(6) == 0 { 9 } else { name });
    let main = link(group);
    let links = [link(3), link(4), link(5)];
    let mut slaves = Vec::new();
    for (at, link) in links.into_iter().enumerate() {
        if numbers.below(2) == 0 {
            // One of the names is shared by both groups.
            let name = if at == 2 { "s2".to_owned() } else { format!("s{group}{at}") };
            let link = if at == 2 { link } else { format!("{link}{group}") };
            slaves.push(Slave { name, link, path: format!("/usr/bin/file{}", numbers.below(8)) });
        }
    }
    Alternative {
        name: format!("g{group}"),
        link: main,
        path: format!("/usr/bin/file{}", numbers.below(4)),
        priority: [0, 10, 10, -5][numbers.below(4)],
        slaves,
    }
}

fn update_alternatives(root: &Path, new: &Alternative) -> bool {
    let mut arguments = vec!["--quiet", "--root", root.to_str().unwrap(), "--install"];
    let priority = new.priority.to_string();
    arguments.extend([&new.link, &new.name, &new.path, &priority].map(String::as_str));
    for slave in &new.slaves {
        arguments.extend(["--slave", &slave.link, &slave.name, &slave.path]);
    }
    folder::succeeds("update-alternatives", &arguments)
}
