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
    let mut text = Vec::new();
    let title = name(command);
    // The date would be that of the day: a page has none.
    let man = Man::new(command.clone()).title(title).date("");
    man.render(&mut text).map_err(Failure::Print)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
