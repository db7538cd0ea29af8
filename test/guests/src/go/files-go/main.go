// Files-go does what an ordinary Go program does with files, in the directory that its argument
// names. It prints one line a step; it exits with 1 and `FAIL: ...` on stderr where a step does
// not give what the standard library promises. It leaves the directory as it was.
package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	top := "."
	if len(os.Args) > 1 {
		top = os.Args[1]
	}
	tree := filepath.Join(top, "tree")
	steps := []func(tree string) error{
		directories, writeAndRead, seek, large, rename, stat, walk, remove,
	}
	for _, step := range steps {
		if err := step(tree); err != nil {
			os.Stderr.WriteString("FAIL: " + err.Error() + "\n")
			os.Exit(1)
		}
	}
}

// say prints one line. Package fmt would add half a megabyte to the guest.
func say(words ...string) {
	os.Stdout.WriteString(strings.Join(words, " ") + "\n")
}

// must returns the first error of a step's calls.
func must(calls ...error) error {
	return errors.Join(calls...)
}

// expect tells what does not hold.
func expect(holds bool, what string) error {
	if holds {
		return nil
	}
	return errors.New(what + ": not as expected")
}

// expectError is nil if err is the expected one.
func expectError(err, expected error, what string) error {
	if errors.Is(err, expected) {
		return nil
	}
	return errors.Join(errors.New(what+": not the expected error"), err)
}

func expectContent(path, expected string) error {
	content, err := os.ReadFile(path)
	if err == nil && string(content) != expected {
		err = errors.New(path + ": read " + strconv.Quote(string(content)))
	}
	return err
}

func directories(tree string) error {
	deep := filepath.Join(tree, "a", "b", "c")
	err := must(
		os.MkdirAll(deep, 0o777),
		os.MkdirAll(deep, 0o777),
		expectError(os.Mkdir(deep, 0o777), fs.ErrExist, "Mkdir again"),
		expectError(os.Mkdir(filepath.Join(tree, "x", "y"), 0o777), fs.ErrNotExist, "Mkdir below nothing"),
	)
	say("MkdirAll a/b/c")
	return err
}

func writeAndRead(tree string) error {
	path := filepath.Join(tree, "a", "one.txt")
	if err := must(os.WriteFile(path, []byte("one\n"), 0o666), expectContent(path, "one\n")); err != nil {
		return err
	}
	say("WriteFile and ReadFile")

	file, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, first := file.WriteString("two\n")
	_, second := file.WriteString("three\n")
	if err := must(first, second, file.Close(), expectContent(path, "one\ntwo\nthree\n")); err != nil {
		return err
	}
	say("append")

	_, exists := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	_, missing := os.Open(filepath.Join(tree, "none"))
	say("open errors")
	return must(
		expectError(exists, fs.ErrExist, "O_EXCL"),
		expectError(missing, fs.ErrNotExist, "Open of nothing"),
	)
}

func seek(tree string) error {
	path := filepath.Join(tree, "a", "one.txt")
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	word := make([]byte, 5)
	_, toEnd := file.Seek(-6, io.SeekEnd)
	_, read := io.ReadFull(file, word)
	_, toFour := file.Seek(4, io.SeekStart)
	_, write := file.WriteString("TWO")
	position, err := file.Seek(0, io.SeekCurrent)
	part := make([]byte, 3)
	_, readAt := file.ReadAt(part, 0)
	_, writeAt := file.WriteAt([]byte("!"), 8)
	err = must(
		toEnd, read, toFour, write, err, readAt, writeAt,
		expect(string(word) == "three", "`three`"),
		expect(position == 7, "the position"),
		expect(string(part) == "one", "`one`"),
		file.Truncate(16),
		expectContent(path, "one\nTWO\n!hree\n\x00\x00"),
		file.Truncate(7),
		file.Sync(),
		file.Close(),
		expectContent(path, "one\nTWO"),
	)
	say("Seek and Truncate")
	return err
}

// large takes more than any buffer on the way holds, so that it takes many writes and reads.
func large(tree string) error {
	content := make([]byte, 800_000)
	for i := range content {
		content[i] = byte(i * i >> 8)
	}
	path := filepath.Join(tree, "large")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		return err
	}
	came, err := os.ReadFile(path)
	say("large", strconv.Itoa(len(came)), "bytes")
	return must(err, expect(bytes.Equal(came, content), "the bytes that were written"))
}

func rename(tree string) error {
	from, to := filepath.Join(tree, "a", "one.txt"), filepath.Join(tree, "a", "b", "c", "moved.txt")
	if err := must(os.Rename(from, to), os.Rename(filepath.Join(tree, "a", "b"), filepath.Join(tree, "d"))); err != nil {
		return err
	}
	_, old := os.Stat(from)
	say("Rename")
	return must(
		expectError(old, fs.ErrNotExist, "the old name"),
		expectContent(filepath.Join(tree, "d", "c", "moved.txt"), "one\nTWO"),
	)
}

func stat(tree string) error {
	path := filepath.Join(tree, "d", "c", "moved.txt")
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	directory, err := os.Stat(tree)
	if err != nil {
		return err
	}
	then := time.Unix(1_000_000_000, 500_000_000)
	change := os.Chtimes(path, then, then)
	changed, err := os.Stat(path)
	if err != nil {
		return err
	}
	say("Stat")
	return must(
		expect(info.Mode().IsRegular() && info.Size() == 7, "a file of 7 bytes"),
		expect(directory.IsDir(), "a directory"),
		expect(time.Since(info.ModTime()) < time.Hour, "a file of this hour"),
		change,
		expect(changed.ModTime().Equal(then), "the time that was set"),
	)
}

func walk(tree string) error {
	if err := os.WriteFile(filepath.Join(tree, "d", "ünï ☃"), nil, 0o666); err != nil {
		return err
	}
	return filepath.WalkDir(tree, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(tree, path)
		say("WalkDir", filepath.ToSlash(name), strconv.FormatBool(entry.IsDir()))
		return err
	})
}

func remove(tree string) error {
	file := filepath.Join(tree, "large")
	full := os.Remove(filepath.Join(tree, "d"))
	err := must(
		expect(full != nil, "Remove of what is not empty"),
		os.Remove(file),
		expectError(os.Remove(file), fs.ErrNotExist, "Remove again"),
		os.RemoveAll(tree),
	)
	_, gone := os.Stat(tree)
	say("RemoveAll")
	return must(err, expectError(gone, fs.ErrNotExist, "what is gone"))
}
