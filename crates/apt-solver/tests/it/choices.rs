//! The solver on small indexes: each rule on its own.

use apt_solver::{Index, LockedDeb, Request, SolveError, solve};
use names::Arch;

/// An index from lines such as `a 1 | Depends: b | Priority: required`.
fn index(lines: &str) -> Index {
    let mut text = String::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut parts = line.split(" | ");
        let (name, version) = parts.next().unwrap().split_once(' ').unwrap();
        let digest = format!("{:0>64x}", text.len() + 1);
        text += &format!(
            "Package: {name}\nVersion: {version}\nArchitecture: amd64\nSize: 1\n\
             Filename: pool/{name}_{version}.deb\nSHA256: {digest}\n"
        );
        parts.for_each(|field| text += &format!("{}\n", field.replace('/', " | ")));
        text.push('\n');
    }
    let mut index = Index::new(Arch::Amd64);
    index.add_packages(&"debian".parse().unwrap(), "a test", text.as_bytes()).unwrap();
    index
}

fn request(packages: &str) -> Request {
    Request {
        packages: packages.split_whitespace().map(str::to_owned).collect(),
        ..Request::default()
    }
}

fn printed(debs: &[LockedDeb]) -> String {
    let words = debs.iter().map(|deb| format!("{}={}", deb.name, deb.version));
    words.collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(lines: &str, packages: &str, expected: &str) {
    let solution = solve(&index(lines), &request(packages)).unwrap();
    assert_eq!(printed(&solution.debs), expected);
}

#[track_caller]
fn fails(lines: &str, packages: &str, message: &str) {
    let error = solve(&index(lines), &request(packages)).unwrap_err();
    assert_eq!(error.to_string(), message);
}

#[test]
fn needs_are_followed_and_may_run_in_circles() {
    check(
        "aa 1 | Depends: bb\nbb 1 | Pre-Depends: cc\ncc 1 | Depends: aa\ndd 1",
        "aa",
        "aa=1 bb=1 cc=1",
    );
}

#[test]
fn the_newest_version_is_taken() {
    check("aa 1~rc1\naa 1.9\naa 1.10\naa 1.2", "aa", "aa=1.10");
}

#[test]
fn the_first_alternative_that_can_be_met_is_taken() {
    check("aa 1 | Depends: bb/cc\nbb 1\ncc 1", "aa", "aa=1 bb=1");
    check("aa 1 | Depends: bb (>= 2)/cc\nbb 1\ncc 1", "aa", "aa=1 cc=1");
    check("aa 1 | Depends: bb/cc\nbb 1 | Depends: zz\ncc 1", "aa", "aa=1 cc=1");
}

#[test]
fn an_alternative_that_is_chosen_already_is_kept() {
    check("aa 1 | Depends: bb/cc\nbb 1\ncc 1", "aa cc", "aa=1 cc=1");
    check("aa 1 | Depends: cc, dd\ndd 1 | Depends: bb/cc\nbb 1\ncc 1", "aa", "aa=1 cc=1 dd=1");
}

#[test]
fn providers_are_ordered_by_name_then_priority_then_mention() {
    let lines = "aa 1 | Depends: vv\npp 1 | Provides: vv\nqq 1 | Provides: vv | Priority: important\n\
        rr 1 | Provides: vv | Priority: optional";
    let with_priorities = lines.replace("pp 1", "pp 1 | Priority: extra");
    check(&with_priorities, "aa", "aa=1 qq=1");
    check(&format!("{with_priorities}\nvv 1 | Priority: extra"), "aa", "aa=1 vv=1");
    let equal = "aa 1 | Depends: vv\npp 1 | Provides: vv\nqq 1 | Provides: vv";
    check(equal, "aa", "aa=1 qq=1");
}

#[test]
fn provided_versions_meet_versioned_needs() {
    check(
        "aa 1 | Depends: vv (>= 2)\npp 1 | Provides: vv (= 2)\nqq 1 | Provides: vv",
        "aa",
        "aa=1 pp=1",
    );
    fails(
        "aa 1 | Depends: vv (>= 2)\nqq 1 | Provides: vv",
        "aa",
        "aa 1 needs `vv (>= 2)`: vv is virtual, provided in no such version by qq",
    );
}

#[test]
fn any_architecture_is_met_by_packages_that_allow_it() {
    check("aa 1 | Depends: bb:any\nbb 1 | Multi-Arch: allowed", "aa", "aa=1 bb=1");
    fails("aa 1 | Depends: bb:any\nbb 1", "aa", "aa 1 needs `bb:any`: the suites have bb 1");
    fails(
        "aa 1 | Depends: bb:i386\nbb 1",
        "aa",
        "aa 1 needs `bb:another-architecture`: the suites have bb 1",
    );
}

#[test]
fn conflicts_turn_to_other_alternatives() {
    check("aa 1 | Depends: bb/cc\nbb 1 | Conflicts: dd\ncc 1\ndd 1", "aa dd", "aa=1 cc=1 dd=1");
    check("aa 1 | Depends: bb/cc\nbb 1\ncc 1\ndd 1 | Breaks: bb (<< 2)", "dd aa", "aa=1 cc=1 dd=1");
    check("aa 1 | Depends: bb\nbb 2\ndd 1 | Breaks: bb (<< 2)", "dd aa", "aa=1 bb=2 dd=1");
    // A package may conflict with a name that it provides itself.
    check("aa 1 | Provides: mta | Conflicts: mta\nbb 1", "aa bb", "aa=1 bb=1");
}

#[test]
fn a_choice_that_turns_out_wrong_is_taken_back() {
    // The first alternative of `aa` is in the way of what `bb` needs later.
    check(
        "aa 1 | Depends: xx/yy\nbb 1 | Depends: zz\nxx 1\nyy 1\nzz 1 | Conflicts: xx",
        "aa bb",
        "aa=1 bb=1 yy=1 zz=1",
    );
    // An older version is the only one that fits.
    check("aa 1 | Depends: xx (= 1)\nxx 2\nxx 1", "aa", "aa=1 xx=1");
}

#[test]
fn recommended_packages_are_taken_when_asked() {
    let index = index("aa 1 | Recommends: bb, zz\nbb 1 | Recommends: cc\ncc 1");
    assert_eq!(printed(&solve(&index, &request("aa")).unwrap().debs), "aa=1");
    let request = Request { recommends: true, ..request("aa") };
    assert_eq!(printed(&solve(&index, &request).unwrap().debs), "aa=1 bb=1 cc=1");
}

#[test]
fn essential_packages_come_when_asked() {
    let index = index("aa 1\nee 1 | Essential: yes | Depends: ff\nff 1");
    let request = Request { essential: true, ..request("aa") };
    let solution = solve(&index, &request).unwrap();
    assert_eq!(printed(&solution.debs), "aa=1 ee=1 ff=1");
    assert_eq!(solution.needed_by["ff"], "ee");
    assert_eq!(solution.needed_by.len(), 1);
}

#[test]
fn what_is_locked_stays_until_it_is_in_the_way() {
    let index =
        index("aa 2 | Depends: bb\naa 1 | Depends: bb\nbb 2\nbb 1\ncc 1 | Depends: bb (>= 2)");
    let old = |name: &str| index.find(name, &"1".parse().unwrap()).unwrap();
    let prefer = vec![old("aa"), old("bb")];
    let locked = Request { prefer: prefer.clone(), ..request("aa") };
    assert_eq!(printed(&solve(&index, &locked).unwrap().debs), "aa=1 bb=1");
    let moved = Request { prefer, ..request("aa cc") };
    assert_eq!(printed(&solve(&index, &moved).unwrap().debs), "aa=1 bb=2 cc=1");
}

#[test]
fn what_is_locked_again_stays() {
    // Only an older version of pp provides mm, and with that nobody needs ww.
    let index = index(
        "aa 1 | Depends: mm/vv\nww 1 | Depends: mm/nn | Provides: vv\npp 2\npp 1 | Provides: mm",
    );
    let first = solve(&index, &request("aa")).unwrap();
    assert_eq!(printed(&first.debs), "aa=1 pp=1");
    let again = solve(&index, &Request { prefer: first.debs.clone(), ..request("aa") }).unwrap();
    assert_eq!(first, again);
}

#[test]
fn what_is_there_already_is_used_and_not_repeated() {
    let index = index("aa 1 | Depends: bb/cc, dd (>= 1)\nbb 1\ncc 1\ndd 2\ndd 1");
    let installed =
        vec![index.newest("cc").unwrap(), index.find("dd", &"1".parse().unwrap()).unwrap()];
    let request = Request { installed: installed.clone(), ..request("aa dd") };
    assert_eq!(printed(&solve(&index, &request).unwrap().debs), "aa=1");
    let gone = LockedDeb { version: "9".parse().unwrap(), ..installed[0].clone() };
    let request = Request { installed: vec![gone.clone()], ..request };
    assert!(matches!(solve(&index, &request), Err(SolveError::Gone { .. })));
    let mut index = index;
    index.add_locked(&gone, "Package: cc\nVersion: 9\nArchitecture: amd64\n").unwrap();
    assert_eq!(printed(&solve(&index, &request).unwrap().debs), "aa=1 dd=2");
}

#[test]
fn what_is_there_already_cannot_be_pushed_out() {
    let index = index("aa 1 | Conflicts: bb\nbb 1");
    let installed = vec![index.newest("bb").unwrap()];
    let error = solve(&index, &Request { installed, ..request("aa") }).unwrap_err();
    assert!(error.to_string().contains("aa 1 conflicts with or breaks `bb`"), "{error}");
}

#[test]
fn failures_name_the_chain_and_the_conflict() {
    fails("python3 1", "pyhton3", "no suite has a package `pyhton3`: is python3 meant?");
    fails("aa 1", "nothing-like-it", "no suite has a package `nothing-like-it`");
    fails(
        "aa 1 | Provides: vv\nbb 1 | Provides: vv",
        "vv",
        "`vv` is a virtual package: name one of aa, bb",
    );
    fails(
        "aa 1 | Depends: bb\nbb 1 | Depends: cc (>= 2)/dd\ncc 1",
        "aa",
        "aa -> bb 1 needs `cc (>= 2) | dd`: the suites have cc 1; no suite has dd",
    );
    fails(
        "aa 1 | Depends: bb\nbb 1 | Depends: cc\ncc 1 | Conflicts: dd\nee 1 | Depends: dd\ndd 1",
        "aa ee",
        "aa -> bb 1 needs `cc`, but cc 1 cannot be together with ee -> dd 1: \
         cc 1 conflicts with or breaks `dd`",
    );
    fails(
        "aa 1 | Conflicts: bb\nbb 1",
        "aa bb",
        "the request needs `bb`, but bb 1 cannot be together with aa 1: \
         aa 1 conflicts with or breaks `bb`",
    );
}

#[test]
fn a_virtual_package_with_one_provider_stands_for_it() {
    check("aa 1 | Provides: vv", "vv", "aa=1");
}

#[test]
fn the_solution_does_not_depend_on_repetition() {
    let lines = "aa 1 | Depends: bb/cc, vv\nbb 1\ncc 1\npp 1 | Provides: vv\nqq 1 | Provides: vv";
    let index = index(lines);
    let first = solve(&index, &request("aa aa")).unwrap();
    assert_eq!(first, solve(&index, &request("aa")).unwrap());
}

#[test]
fn long_chains_do_not_exhaust_the_stack() {
    let chain = |length: usize| {
        let link = |n: usize| format!("pp{n} 1 | Depends: pp{}\n", n + 1);
        let links: String = (0..length).map(link).collect();
        index(&format!("{links}pp{length} 1\nzz 1 | Depends: pp{length} (>= 2)/yy\nyy 1\n"))
    };
    // The second one is longer than what apt's choices follow, so that all is searched.
    for length in [350, 3000] {
        let solution = solve(&chain(length), &request("pp0 zz")).unwrap();
        assert_eq!(solution.debs.len(), length + 3);
    }
}
