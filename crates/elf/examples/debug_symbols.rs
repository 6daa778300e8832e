//! Takes the symbols for debuggers out of a library: `debug_symbols LIBRARY STRIPPED SYMBOLS`.

use std::path::Path;

use filetree::Content;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [library, stripped, symbols] = &arguments[..] else {
        return Err("want LIBRARY STRIPPED SYMBOLS".into());
    };
    let content = Content::from_bytes(fs_err::read(library)?);
    let name = Path::new(symbols).file_name().ok_or("want the name of a file")?;
    let Some(found) = elf::symbols(&content, &name.to_string_lossy())? else {
        return Err(format!("{library} has no symbols that can be taken out").into());
    };
    let sum = found.write_debug(&mut fs_err::File::create(symbols)?)?;
    found.write_stripped(sum, &mut fs_err::File::create(stripped)?)?;
    Ok(())
}
