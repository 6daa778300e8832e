//! What is said of a file with faults.

use std::path::Path;

use bindep::BindepFile;

#[test]
fn all_faults_are_listed_with_their_places() {
    let text = "git\n curl\nx\ngcc\t[test]\ng++ [Test]\nmake [test\njq [(a b]\nfoo bar\nlibx >=1,\nlib >=a\n\
                liby [a] \nlibz >=1 [a]\nlibw[a]\nrust [a_b]\n";
    let faults = BindepFile::parse(text, Path::new("bindep.txt")).unwrap_err();
    insta::assert_snapshot!(names::render_faults(&faults), @r"
    bindep.txt:2:1: the name of the package has a space in front
      hint: a line is: NAME [PROFILE (PROFILE PROFILE) !PROFILE] >=VERSION # comment
    bindep.txt:3:1: `x` is too short for the name of a package
      hint: bindep reads names of two letters and more
    bindep.txt:4:4: expected the end of the line or a comment, found a tab
      hint: only spaces part the words of a line
    bindep.txt:5:6: expected a profile or `]`, found `T`
      hint: a profile has lower-case letters, digits, `:`, `-` and `.`, with spaces between two
    bindep.txt:6:11: expected a profile or `]`, found the end of the line
      hint: a profile has lower-case letters, digits, `:`, `-` and `.`, with spaces between two
    bindep.txt:7:9: expected a profile or `)`, found `]`
      hint: a profile has lower-case letters, digits, `:`, `-` and `.`, with spaces between two
    bindep.txt:8:5: expected the end of the line or a comment, found `b`
      hint: a line is: NAME [PROFILE (PROFILE PROFILE) !PROFILE] >=VERSION # comment
    bindep.txt:9:10: expected <, <=, ==, !=, >= or > and a version, found the end of the line
      hint: several versions are parted by a comma alone: >=1.2,<2
    bindep.txt:10:7: expected a version, found `a`
      hint: a version is one of a Debian package: it begins with a digit
    bindep.txt:11:9: the line has a space at its end
      hint: bindep refuses it: remove it
    bindep.txt:12:10: expected the end of the line or a comment, found `[`
      hint: a space parts the name from the `[`, which stands before the version
    bindep.txt:13:5: expected the end of the line or a comment, found `[`
      hint: a space parts the name from the `[`, which stands before the version
    bindep.txt:14:8: expected a profile or `]`, found `_`
      hint: a profile has lower-case letters, digits, `:`, `-` and `.`, with spaces between two
    ");
}
