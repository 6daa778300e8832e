//! What a real terminal shows, while the command works and after it.

use std::io::Write as _;
use std::path::Path;

use crate::bench::shell;

/// A store with some blobs, and a damaged one.
fn filled(folder: &Path) {
    let store = store::Store::open(folder).unwrap();
    let mut last = None;
    for number in 0..20_u32 {
        let mut writer = store.blob_writer().unwrap();
        writer.write_all(&number.to_le_bytes().repeat(100_000)).unwrap();
        last = Some(writer.finish(None).unwrap());
    }
    std::fs::write(last.unwrap().path, "other").unwrap();
}

/// What a terminal of `columns` gets from the command with these variables.
fn typescript(folder: &Path, columns: u32, variables: &str, arguments: &str) -> String {
    let line = format!(
        "stty rows 24 cols {columns} && env -u CI -u NO_COLOR TERM=xterm {variables} {} {arguments} || true",
        env!("CARGO_BIN_EXE_cooperage")
    );
    std::fs::write(folder.join("line"), line).unwrap();
    shell(folder, "script --quiet --echo never --return --command 'sh ./line' /dev/null </dev/null")
}

/// The lines of a screen after all of `text`, as a terminal would show them.
fn screen(text: &str) -> String {
    let mut lines = vec![Vec::new()];
    let mut column = 0;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let line: &mut Vec<char> = lines.last_mut().unwrap();
        match letter {
            '\r' => column = 0,
            '\n' => lines.push(Vec::new()),
            '\x1b' => {
                let sequence: String =
                    letters.by_ref().skip(1).take_while(|c| !c.is_alphabetic()).collect();
                // Of all sequences only colours and the erasing of a line are used; `take_while` has
                // eaten their last letter.
                if sequence == "2" {
                    line.clear();
                }
            }
            letter => {
                line.resize(line.len().max(column + 1), ' ');
                line[column] = letter;
                column += 1;
            }
        }
    }
    let lines: Vec<String> = lines.into_iter().map(String::from_iter).collect();
    lines.join("\n").trim_end().to_owned()
}

#[test]
fn a_bar_comes_and_goes_on_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    filled(&folder.path().join("store"));
    let verify = "store verify --store store";
    let seen = typescript(folder.path(), 72, "", verify);
    assert!(seen.contains("\r\x1b[2K"), "{seen:?}");
    assert!(seen.contains("verifying\x1b[0m  ["), "{seen:?}");
    assert!(seen.contains("of 20 files, "), "{seen:?}");
    for bar in seen.split("\r\x1b[2K").filter(|part| part.contains("verifying")) {
        assert!(screen(bar).lines().next().unwrap().chars().count() < 72, "{bar:?}");
    }
    let last = screen(&seen);
    assert!(!last.contains("verifying") && !last.contains('['), "{last}");
    let lines: Vec<&str> = last.lines().collect();
    assert!(lines[0].starts_with("sha256:") && lines[0].contains(": it hashes to "), "{last}");
    assert_eq!(lines[1..], ["error: 1 file of the store is damaged: remove it with --remove"]);
    assert!(seen.contains("\x1b[1;31merror:\x1b[0m"), "{seen:?}");

    for (variables, bars, colours) in
        [("NO_COLOR=1", true, false), ("TERM=dumb", false, false), ("CI=true", false, true)]
    {
        let seen = typescript(folder.path(), 72, variables, verify);
        assert_eq!(seen.contains("verifying"), bars, "{variables}: {seen:?}");
        assert_eq!(seen.contains("\x1b[1;"), colours, "{variables}: {seen:?}");
        assert_eq!(screen(&seen), last, "{variables}");
    }
    let quiet = typescript(folder.path(), 72, "", &format!("--quiet {verify}"));
    assert!(!quiet.contains("verifying"), "{quiet:?}");
    assert_eq!(screen(&quiet), last);
}

#[test]
#[ignore = "needs the network; .ci/run runs it"]
fn a_build_on_a_terminal_ends_with_a_clean_screen() {
    let folder = tempfile::tempdir().unwrap();
    let root = crate::bench::root();
    let arguments =
        format!("build keystone 2025.2 --locked --root {} --store store --out out", root.display());
    let seen = typescript(folder.path(), 100, "NO_COLOR=1", &arguments);
    assert!(seen.contains("  fetching  [="), "{seen}");
    assert!(seen.contains("/s"), "no rate: {seen}");
    assert!(seen.contains("   writing  "), "{seen}");
    let last = screen(&seen);
    let shown = ["fetching", "writing", "\x1b"].iter().find(|bar| last.contains(**bar));
    assert_eq!(shown, None, "{last}");
    for want in
        ["   fetched  ", "     layer  ", "      size  digest        layer", "      time  lock "]
    {
        assert!(last.contains(want), "{want} is not in\n{last}");
    }
    assert!(last.ends_with("out/2025.2/keystone/oci"), "{last}");

    // Interrupted while a bar is there, the bar goes.
    let line = arguments.replace("--store store", "--store other");
    let program = env!("CARGO_BIN_EXE_cooperage");
    std::fs::write(
        folder.path().join("line"),
        format!("stty rows 24 cols 100; TERM=xterm timeout --foreground --preserve-status -s INT 3 {program} {line}; echo code $?"),
    )
    .unwrap();
    let seen = shell(
        folder.path(),
        "env -u CI script --quiet --echo never --command 'sh ./line' /dev/null </dev/null",
    );
    let last = screen(&seen);
    assert!(seen.contains("fetching"), "{seen}");
    assert!(last.ends_with("code 130"), "{last}");
    assert!(!last.contains("fetching") && !last.contains("writing"), "{last}");
}
