//! One form for wheels that build back ends write each in their own.

use std::collections::BTreeMap;
use std::io::{self, Read, Seek, Write};

use names::{Epoch, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::record::{RecordHash, RecordLine, render_record};

/// Bytes of all members together.
const LARGEST: u64 = 2 << 30;

/// Why a wheel cannot be put into its normal form.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NormalizeError {
    /// It is no zip archive.
    #[error("the wheel is not a sound zip archive")]
    Zip(#[from] zip::result::ZipError),
    /// It cannot be read or written.
    #[error("the wheel cannot be read or written")]
    Io(#[from] io::Error),
    /// It has no `RECORD`, or several.
    #[error("the wheel has {0} files `*.dist-info/RECORD`, where one is wanted")]
    Record(usize),
    /// A member comes twice.
    #[error("the wheel has `{0}` twice")]
    Twice(String),
    /// It is larger than any wheel that is built here.
    #[error("the wheel holds more than {LARGEST} bytes")]
    TooLarge,
}

/// Writes the wheel `input` once more: members by name with `*.dist-info` at the end, as PEP 427
/// recommends, all with the time `time`, modes 0644 or 0755, deflated at one level, folders left out,
/// and `RECORD` (PEP 376) made anew. Two wheels with equal contents become equal bytes.
///
/// # Errors
/// When the wheel is no sound archive of its kind, or `out` fails.
pub fn normalize_wheel<W: Write + Seek>(
    input: impl Read + Seek,
    out: W,
    time: Epoch,
) -> Result<W, NormalizeError> {
    let mut archive = ZipArchive::new(input)?;
    let mut members = BTreeMap::new();
    let mut records = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index(index)?;
        let name = entry.name()?.into_owned();
        if entry.is_dir() {
            continue;
        }
        let folder = name.strip_suffix("/RECORD").filter(|folder| !folder.contains('/'));
        if let Some(folder) = folder.filter(|folder| folder.ends_with(".dist-info")) {
            records.push(folder.to_owned());
            continue;
        }
        let late = name.split('/').next().is_some_and(|first| first.ends_with(".dist-info"));
        let executable = entry.unix_mode().is_some_and(|mode| mode & 0o111 != 0);
        if members.insert((late, name.clone()), (index, executable)).is_some() {
            return Err(NormalizeError::Twice(name));
        }
    }
    let [info] = &records[..] else { return Err(NormalizeError::Record(records.len())) };
    let record = format!("{info}/RECORD");

    let options = |executable: bool| {
        SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(6))
            .last_modified_time(dos_time(time))
            .unix_permissions(if executable { 0o755 } else { 0o644 })
    };
    let mut writer = ZipWriter::new(out);
    let mut lines = Vec::new();
    let mut left = LARGEST;
    for ((_, name), (index, executable)) in members {
        writer.start_file(name.as_str(), options(executable))?;
        let entry = archive.by_index(index)?;
        let mut limited = entry.take(left + 1);
        let mut hash = Sha256::new();
        let mut size = 0;
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = limited.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            hash.update(&buffer[..read]);
            writer.write_all(&buffer[..read])?;
            size += read as u64;
        }
        left = left.checked_sub(size).ok_or(NormalizeError::TooLarge)?;
        let digest = hash.finalize();
        let hash = Some(RecordHash::Sha256(digest));
        lines.push(RecordLine { path: name, hash, size: Some(size) });
    }
    lines.push(RecordLine { path: record.clone(), hash: None, size: None });
    writer.start_file(record.as_str(), options(false))?;
    writer.write_all(render_record(&lines).as_bytes())?;
    Ok(writer.finish()?)
}

/// DOS times have even seconds, and begin in 1980.
fn dos_time(time: Epoch) -> DateTime {
    let text = time.to_string();
    let number = |range: std::ops::Range<usize>| text.get(range).and_then(|part| part.parse().ok());
    let parts = || {
        let year = number(0..4)?;
        let byte = |range| number(range).map(|value: u16| value as u8);
        let (month, day) = (byte(5..7)?, byte(8..10)?);
        let (hour, minute, second) = (byte(11..13)?, byte(14..16)?, byte(17..19)?);
        DateTime::from_date_and_time(year, month, day, hour, minute, second).ok()
    };
    parts().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn zip(members: &[(&str, &str)], method: CompressionMethod, second: u8) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        let time = DateTime::from_date_and_time(2026, 1, 1, 0, 0, second).unwrap();
        for (name, text) in members {
            let options =
                SimpleFileOptions::default().compression_method(method).last_modified_time(time);
            if name.ends_with('/') {
                writer.add_directory(*name, options).unwrap();
            } else {
                writer.start_file(*name, options).unwrap();
                writer.write_all(text.as_bytes()).unwrap();
            }
        }
        writer.finish().unwrap().into_inner()
    }

    fn normal(bytes: Vec<u8>) -> Result<Vec<u8>, NormalizeError> {
        let out =
            normalize_wheel(Cursor::new(bytes), Cursor::new(Vec::new()), Epoch(1_795_228_559));
        out.map(Cursor::into_inner)
    }

    #[test]
    fn order_times_and_methods_do_not_matter() {
        let (a, b, c) =
            (("a/x.py", "x = 1\n"), ("b/y.py", ""), ("p-1.dist-info/METADATA", "Name: p\n"));
        let record = ("p-1.dist-info/RECORD", "whatever");
        let one = zip(&[a, b, c, record], CompressionMethod::Deflated, 2);
        let folder = ("a/", "");
        let other = zip(&[record, folder, c, b, a], CompressionMethod::Stored, 40);
        let one = normal(one).unwrap();
        assert_eq!(one, normal(other).unwrap());
        assert_eq!(one, normal(one.clone()).unwrap());
        let mut archive = ZipArchive::new(Cursor::new(&one)).unwrap();
        let names: Vec<String> = (0..archive.len())
            .map(|i| archive.by_index(i).unwrap().name().unwrap().into_owned())
            .collect();
        assert_eq!(names, ["a/x.py", "b/y.py", "p-1.dist-info/METADATA", "p-1.dist-info/RECORD"]);
        let mut record = String::new();
        archive.by_index(3).unwrap().read_to_string(&mut record).unwrap();
        assert!(record.starts_with("a/x.py,sha256="), "{record}");
        assert!(record.ends_with("p-1.dist-info/RECORD,,\n"), "{record}");
        let shown = archive.by_index(0).unwrap().last_modified().unwrap().to_string();
        assert_eq!(shown, "2026-11-21 02:35:58");
    }

    #[test]
    fn what_is_no_wheel_is_refused() {
        let none = zip(&[("a.py", "")], CompressionMethod::Stored, 0);
        assert!(matches!(normal(none), Err(NormalizeError::Record(0))));
        let two = [("a-1.dist-info/RECORD", ""), ("b-1.dist-info/RECORD", "")];
        let two = zip(&two, CompressionMethod::Stored, 0);
        assert!(matches!(normal(two), Err(NormalizeError::Record(2))));
        assert!(matches!(normal(b"PK".to_vec()), Err(NormalizeError::Zip(_))));
    }
}
