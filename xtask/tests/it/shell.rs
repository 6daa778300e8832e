//! Completions and manual pages, judged by those who read them.

use std::path::Path;

use crate::bench::{bare, run, shell, stdout};

#[test]
fn bash_completes_commands_and_options() {
    let folder = tempfile::tempdir().unwrap();
    let script = stdout(bare().args(["completions", "bash"]));
    std::fs::write(folder.path().join("completions"), script).unwrap();
    let completed = |words: &str| {
        let last = words.split(' ').count() - 1;
        let line = format!(
            "source ./completions; COMP_WORDS=({words}\"\"); COMP_CWORD={last}
             _cooperage cooperage \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"
             printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        shell(folder.path(), &line)
    };
    assert_eq!(completed("cooperage bu"), "build\n");
    assert_eq!(completed("cooperage store ex"), "export\n");
    assert_eq!(completed("cooperage build --lo"), "--locked\n");
    assert!(completed("cooperage ").contains("\nlock\n"));
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(stdout(bare().args(["completions", shell])).contains("constraints"), "{shell}");
    }
}

#[test]
fn every_command_has_a_page() {
    let folder = tempfile::tempdir().unwrap();
    run(bare().args(["man", "--out"]).arg(folder.path()));
    let pages = shell(folder.path(), "ls | wc -l; ls | tr '\\n' ' '");
    for page in ["cooperage.1 ", "cooperage-build.1 ", "cooperage-store-gc.1 "] {
        assert!(pages.contains(page), "{pages}");
    }
    let one = stdout(bare().args(["man", "store", "gc"]));
    let file = std::fs::read_to_string(folder.path().join("cooperage-store-gc.1")).unwrap();
    assert_eq!(one.trim_end(), file.trim_end());
    assert!(one.contains("\\-\\-keep\\-days"), "{one}");
    let output = bare().args(["man", "bild"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        (output.status.code(), said.trim()),
        (Some(2), "error: there is no command bild: did you mean build?")
    );
}

#[test]
#[ignore = "needs groff; .ci/run runs it"]
fn groff_accepts_the_pages() {
    let folder = tempfile::tempdir().unwrap();
    run(bare().args(["man", "--out"]).arg(folder.path()));
    let check = |folder: &Path| {
        shell(folder, "for page in *.1; do groff -man -ww -z -Tutf8 -Kutf8 \"$page\" 2>&1; done")
    };
    assert_eq!(check(folder.path()), "");
    let text = shell(folder.path(), "groff -man -Tutf8 -Kutf8 -P-cbou cooperage-build.1");
    for want in ["COOPERAGE-BUILD(1)", "--locked", "SOURCE_DATE_EPOCH"] {
        assert!(text.to_uppercase().contains(&want.to_uppercase()), "{want} is not in\n{text}");
    }
    std::fs::write(folder.path().join("bad.1"), ".TH x 1\n.nosuchrequest\n\\*[nosuchstring]\n")
        .unwrap();
    assert_ne!(check(folder.path()), "", "a fault must be seen");
}
