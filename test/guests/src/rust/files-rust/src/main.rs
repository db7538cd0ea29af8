//! What an ordinary Rust program does with files, in the directory that its argument names. Prints
//! one line a step; exits with 1 and `FAIL: ...` on stderr where a step does not give what std
//! promises. Leaves the directory as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

/// The preview1 adapter keeps its state in memory that it gets from this export. Without one it takes
/// a page of its own, which the malloc of an older wasi-libc then takes over.
#[unsafe(no_mangle)]
extern "C" fn cabi_realloc(_old: *mut u8, _old_size: usize, align: usize, size: usize) -> *mut u8 {
    // The adapter never asks for nothing, and never for more of what it has.
    unsafe { std::alloc::alloc(std::alloc::Layout::from_size_align_unchecked(size, align)) }
}

type Outcome<T = ()> = Result<T, String>;

/// The result of a step, or what it was and why it failed.
fn ok<T>(step: &str, result: io::Result<T>) -> Outcome<T> {
    result.map_err(|error| format!("{step}: {error}"))
}

fn expect(step: &str, holds: bool) -> Outcome {
    if holds { Ok(()) } else { Err(format!("{step}: not as expected")) }
}

fn expect_error<T>(step: &str, kind: ErrorKind, result: io::Result<T>) -> Outcome {
    match result {
        Ok(_) => Err(format!("{step}: no error")),
        Err(error) if error.kind() == kind => Ok(()),
        Err(error) => Err(format!("{step}: expected {kind:?}, came {error}")),
    }
}

fn expect_content(path: &Path, expected: &[u8]) -> Outcome {
    let content = ok("read", fs::read(path))?;
    if content == expected {
        return Ok(());
    }
    Err(format!("{}: read {:?}", path.display(), String::from_utf8_lossy(&content)))
}

fn directories(tree: &Path) -> Outcome {
    ok("create_dir_all", fs::create_dir_all(tree.join("a/b/c")))?;
    ok("create_dir_all again", fs::create_dir_all(tree.join("a/b/c")))?;
    expect_error("create_dir again", ErrorKind::AlreadyExists, fs::create_dir(tree.join("a")))?;
    expect_error("create_dir below nothing", ErrorKind::NotFound, fs::create_dir(tree.join("x/y")))?;
    println!("create_dir_all a/b/c");
    Ok(())
}

fn write_and_read(tree: &Path) -> Outcome {
    let path = tree.join("a/one.txt");
    ok("write", fs::write(&path, "one\n"))?;
    let text = ok("read_to_string", fs::read_to_string(&path))?;
    expect("the text that was written", text == "one\n")?;
    println!("write and read {} bytes", text.len());

    let mut file = ok("open for appending", OpenOptions::new().append(true).open(&path))?;
    ok("append", file.write_all(b"two\n"))?;
    ok("append", file.write_all(b"three\n"))?;
    expect_content(&path, b"one\ntwo\nthree\n")?;
    println!("append {} bytes", ok("metadata", file.metadata())?.len());

    expect_error("create_new", ErrorKind::AlreadyExists, File::create_new(&path))?;
    expect_error("open of nothing", ErrorKind::NotFound, File::open(tree.join("none")))?;
    println!("open errors");
    Ok(())
}

fn seek(tree: &Path) -> Outcome {
    let path = tree.join("a/one.txt");
    let mut file = ok("open", OpenOptions::new().read(true).write(true).open(&path))?;
    let mut word = [0; 5];
    ok("seek", file.seek(SeekFrom::End(-6)))?;
    ok("read_exact", file.read_exact(&mut word))?;
    expect("`three`", &word == b"three")?;
    ok("seek", file.seek(SeekFrom::Start(4)))?;
    ok("write", file.write_all(b"TWO"))?;
    expect("the position", ok("stream_position", file.stream_position())? == 7)?;
    ok("set_len", file.set_len(16))?;
    expect_content(&path, b"one\nTWO\nthree\n\0\0")?;
    ok("set_len", file.set_len(7))?;
    ok("sync_all", file.sync_all())?;
    expect_content(&path, b"one\nTWO")?;
    println!("seek and set_len");
    Ok(())
}

/// More than any buffer on the way holds, so that it takes many writes and reads.
fn large(tree: &Path) -> Outcome {
    let content: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    let path = tree.join("large");
    ok("write", fs::write(&path, &content))?;
    expect("the bytes that were written", ok("read", fs::read(&path))? == content)?;
    println!("large {} bytes", content.len());
    Ok(())
}

fn copy_and_rename(tree: &Path) -> Outcome {
    let (from, to) = (tree.join("a/one.txt"), tree.join("a/b/copy.txt"));
    println!("copy {} bytes", ok("copy", fs::copy(&from, &to))?);
    ok("rename", fs::rename(&to, tree.join("a/b/c/moved.txt")))?;
    expect_error("the old name", ErrorKind::NotFound, fs::metadata(&to))?;
    ok("rename a directory", fs::rename(tree.join("a/b"), tree.join("d")))?;
    expect_content(&tree.join("d/c/moved.txt"), b"one\nTWO")?;
    println!("rename");
    Ok(())
}

fn metadata(tree: &Path) -> Outcome {
    let file = ok("metadata", fs::metadata(tree.join("a/one.txt")))?;
    expect("a file of 7 bytes", file.is_file() && file.len() == 7)?;
    expect("a directory", ok("metadata", fs::metadata(tree))?.is_dir())?;
    let modified = ok("modified", file.modified())?;
    let age = SystemTime::now().duration_since(modified).unwrap_or_default();
    expect("a file of this hour", age < Duration::from_secs(3600))?;

    let then = SystemTime::UNIX_EPOCH + Duration::new(1_000_000_000, 500_000_000);
    let open = ok("open", OpenOptions::new().write(true).open(tree.join("a/one.txt")))?;
    ok("set_modified", open.set_modified(then))?;
    let modified = ok("metadata", open.metadata())?.modified();
    expect("the time that was set", ok("modified", modified)? == then)?;
    println!("metadata");
    Ok(())
}

/// All paths below a directory, sorted, as they are seen from `top`.
fn walk(top: &Path, directory: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        paths.push(entry.path().strip_prefix(top).map_err(io::Error::other)?.to_owned());
        if entry.file_type()?.is_dir() {
            walk(top, &entry.path(), paths)?;
        }
    }
    paths.sort();
    Ok(())
}

fn list(tree: &Path) -> Outcome {
    ok("write", fs::write(tree.join("d/ünï ☃"), ""))?;
    let mut paths = Vec::new();
    ok("walk", walk(tree, tree, &mut paths))?;
    for path in paths {
        println!("walk {}", path.display());
    }
    Ok(())
}

fn remove(tree: &Path) -> Outcome {
    expect("remove_dir of what is not empty", fs::remove_dir(tree.join("d")).is_err())?;
    ok("remove_file", fs::remove_file(tree.join("large")))?;
    expect_error("remove_file again", ErrorKind::NotFound, fs::remove_file(tree.join("large")))?;
    ok("remove_dir_all", fs::remove_dir_all(tree))?;
    expect_error("what is gone", ErrorKind::NotFound, fs::metadata(tree))?;
    println!("remove_dir_all");
    Ok(())
}

fn main() -> ExitCode {
    let top = std::env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let tree = Path::new(&top).join("tree");
    let steps = [
        directories, write_and_read, seek, large, copy_and_rename, metadata, list, remove,
    ];
    for step in steps {
        if let Err(why) = step(&tree) {
            eprintln!("FAIL: {why}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
