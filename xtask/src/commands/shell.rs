//! `cooperage completions` and `cooperage man`.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Cli;
use crate::failure::Failure;
use crate::speech;

/// Prints the completions of a shell.
pub(crate) fn completions(shell: Shell) -> Result<(), Failure> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "cooperage", &mut text);
    speech::print(String::from_utf8_lossy(&text).trim_end()).map_err(Failure::Print)
}

/// Prints the manual page of a command, or writes those of all commands into a folder.
pub(crate) fn man(path: &[String], out: Option<&Path>) -> Result<(), Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    if let Some(out) = out {
        return all(&command, out);
    }
    let mut found = &command;
    for word in path {
        let known = found.get_subcommands().map(Command::get_name);
        let near = names::nearest(word, known).map(|near| format!(": did you mean {near}?"));
        let unknown = || Failure::NoCommand { word: word.clone(), hint: near.unwrap_or_default() };
        found = found.find_subcommand(word).ok_or_else(unknown)?;
    }
    speech::print(page(found)?.trim_end()).map_err(Failure::Print)
}

fn all(command: &Command, out: &Path) -> Result<(), Failure> {
    let path = out.join(format!("{}.1", name(command)));
    let text = page(command)?;
    pipeline::write_file(&path, &text).map_err(|error| Failure::Write(path, error))?;
    command.get_subcommands().try_for_each(|command| all(command, out))
}

/// `cooperage-store-gc`, as git names its pages.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn page(command: &Command) -> Result<String, Failure> {
    let mut out = Vec::new();
    // The date would be that of the day: a page has none.
    let man = Man::new(command.clone()).title(name(command)).date("");
    let man = man.source(concat!("cooperage ", env!("CARGO_PKG_VERSION"))).manual("Cooperage");
    let mut render = || {
        man.render_title(&mut out)?;
        man.render_name_section(&mut out)?;
        man.render_synopsis_section(&mut out)?;
        man.render_description_section(&mut out)?;
        man.render_options_section(&mut out)?;
        if command.get_subcommands().next().is_some() {
            man.render_subcommands_section(&mut out)?;
        }
        Ok(())
    };
    render().map_err(Failure::Print)?;
    let mut text = String::from_utf8_lossy(&out).into_owned();
    if let Some(notes) = command.get_after_help() {
        text.push_str(".SH NOTES\n");
        text.push_str(&verbatim(&notes.to_string()));
    }
    Ok(text)
}

/// Text whose lines stay as they are (groff_man(7), `.EX`).
fn verbatim(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let line = line.replace('\\', "\\e").replace('-', "\\-");
        // A line that begins with a control character would be a request.
        let guard = if line.starts_with(['.', '\'']) { "\\&" } else { "" };
        format!("{guard}{line}\n")
    });
    format!(".EX\n{}.EE\n", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::verbatim;

    #[test]
    fn nothing_in_a_text_is_taken_for_a_request() {
        assert_eq!(verbatim(".SH x\n'y\n a \\ b-c"), ".EX\n\\&.SH x\n\\&'y\n a \\e b\\-c\n.EE\n");
    }
}
