//! Prints what each ELF file below a folder needs and has, a line each.
#![expect(clippy::print_stdout, reason = "an example prints")]

use std::path::Path;

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    print(Path::new(&folder))
}

fn print(path: &Path) -> std::io::Result<()> {
    let kind = fs_err::symlink_metadata(path)?;
    if kind.is_dir() {
        let mut paths: Vec<_> = fs_err::read_dir(path)?
            .map(|entry| Ok(entry?.path()))
            .collect::<Result<_, std::io::Error>>()?;
        paths.sort();
        return paths.iter().try_for_each(|path| print(path));
    }
    if kind.is_file()
        && let Some(found) = elf::dynamic(&filetree::Content::from_bytes(fs_err::read(path)?))?
    {
        println!("{} {found:?}", path.display());
    }
    Ok(())
}
