//! No files: there is no directory to open one from, so that none of this is ever called but what
//! `preopens` and `filesystem-error-code` do. A program of libc's wants it to be there.

use crate::Component;
use crate::exports::wasi::filesystem::preopens;
use crate::exports::wasi::filesystem::types::{
    Advice, Descriptor, DescriptorBorrow, DescriptorFlags, DescriptorStat, DescriptorType,
    DirectoryEntry, DirectoryEntryStream, ErrorBorrow, ErrorCode, Filesize, Guest, GuestDescriptor,
    GuestDirectoryEntryStream, InputStream, MetadataHashValue, NewTimestamp, OpenFlags,
    OutputStream, PathFlags,
};

/// What there is none of.
pub enum Nothing {}

impl preopens::Guest for Component {
    fn get_directories() -> Vec<(Descriptor, String)> {
        Vec::new()
    }
}

impl Guest for Component {
    type Descriptor = Nothing;
    type DirectoryEntryStream = Nothing;

    /// The host's code is the host's to give: it knows none of our errors.
    fn filesystem_error_code(_error: ErrorBorrow<'_>) -> Option<ErrorCode> {
        None
    }
}

impl GuestDirectoryEntryStream for Nothing {
    fn read_directory_entry(&self) -> Result<Option<DirectoryEntry>, ErrorCode> {
        match *self {}
    }
}

/// Methods of what there is none of.
macro_rules! never {
    ($($name:ident($($type:ty),*) -> $result:ty;)*) => {
        $(fn $name(&self, $(_: $type),*) -> Result<$result, ErrorCode> { match *self {} })*
    };
}

impl GuestDescriptor for Nothing {
    never! {
        read_via_stream(Filesize) -> InputStream;
        write_via_stream(Filesize) -> OutputStream;
        append_via_stream() -> OutputStream;
        advise(Filesize, Filesize, Advice) -> ();
        sync_data() -> ();
        get_flags() -> DescriptorFlags;
        get_type() -> DescriptorType;
        set_size(Filesize) -> ();
        set_times(NewTimestamp, NewTimestamp) -> ();
        read(Filesize, Filesize) -> (Vec<u8>, bool);
        write(Vec<u8>, Filesize) -> Filesize;
        read_directory() -> DirectoryEntryStream;
        sync() -> ();
        create_directory_at(String) -> ();
        stat() -> DescriptorStat;
        stat_at(PathFlags, String) -> DescriptorStat;
        set_times_at(PathFlags, String, NewTimestamp, NewTimestamp) -> ();
        link_at(PathFlags, String, DescriptorBorrow<'_>, String) -> ();
        open_at(PathFlags, String, OpenFlags, DescriptorFlags) -> Descriptor;
        readlink_at(String) -> String;
        remove_directory_at(String) -> ();
        rename_at(String, DescriptorBorrow<'_>, String) -> ();
        symlink_at(String, String) -> ();
        unlink_file_at(String) -> ();
        metadata_hash() -> MetadataHashValue;
        metadata_hash_at(PathFlags, String) -> MetadataHashValue;
    }

    fn is_same_object(&self, _: DescriptorBorrow<'_>) -> bool {
        match *self {}
    }
}
