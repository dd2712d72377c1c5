//! What a file has besides its bytes: mode, owner, group, extended attributes (POSIX access lists are among them).
//!
//! Owns reading them and giving them to a new file. Times are not kept: the file did change.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// A file's attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attributes {
    /// Permission bits with set-user-id and the like; elsewhere than on Unix only whether anybody may write.
    pub(super) mode: u32,
    /// User and group, on Unix.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    owner: Option<(u32, u32)>,
    /// Extended attributes that a copy does not get by itself.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    extended: Vec<(String, Vec<u8>)>,
}

impl Attributes {
    /// Those of the file at `path`, not a symbolic link.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let metadata = path.metadata()?;
        Ok(Self {
            mode: mode(&metadata),
            owner: owner(&metadata),
            extended: extended::of(path)?,
        })
    }

    /// Gives them to a new file.
    ///
    /// A group that cannot be kept is an error where it has other rights than everybody.
    pub(super) fn give(&self, file: &File) -> io::Result<()> {
        self.give_owner(file)?;
        set_mode(file, self.mode)?;
        extended::give(file, &self.extended)
    }

    /// The owner first: a change of owner takes set-user-id away.
    #[cfg(unix)]
    fn give_owner(&self, file: &File) -> io::Result<()> {
        use std::os::unix::fs::fchown;
        let now = owner(&file.metadata()?);
        let (Some((user, group)), true) = (self.owner, now != self.owner) else {
            return Ok(());
        };
        let group_matters = (self.mode >> 3) & 7 != self.mode & 7;
        if now.is_none_or(|(_, now)| now != group) {
            fchown(file, None, Some(group)).or_else(|error| {
                if group_matters {
                    Err(io::Error::new(
                        error.kind(),
                        "its group would not stay the same",
                    ))
                } else {
                    Ok(())
                }
            })?;
        }
        if now.is_none_or(|(now, _)| now != user) {
            fchown(file, Some(user), None)?;
        }
        Ok(())
    }

    #[cfg(not(unix))]
    fn give_owner(&self, _file: &File) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o7777
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    if metadata.permissions().readonly() {
        0o444
    } else {
        0o666
    }
}

#[cfg(unix)]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    file.set_permissions(std::fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    let mut permissions = file.metadata()?.permissions();
    permissions.set_readonly(mode & 0o222 == 0);
    file.set_permissions(permissions)
}

#[cfg(unix)]
#[allow(clippy::unnecessary_wraps)] // Elsewhere there is none.
fn owner(metadata: &Metadata) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.uid(), metadata.gid()))
}

#[cfg(not(unix))]
fn owner(_metadata: &Metadata) -> Option<(u32, u32)> {
    None
}

#[cfg(any(target_os = "linux", target_os = "macos"))]
mod extended {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    use rustix::fs::{XattrFlags, flistxattr, fremovexattr, fsetxattr, getxattr, listxattr};
    use rustix::io::Errno;

    /// A POSIX access list. A new file inherits one from its folder, whether its model had one or not.
    const ACCESS_LIST: &str = "system.posix_acl_access";

    pub(super) fn of(path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
        let listed = match whole(|buffer| listxattr(path, buffer)) {
            Err(Errno::NOTSUP) => return Ok(Vec::new()),
            other => other?,
        };
        let mut all = Vec::new();
        for name in names(&listed) {
            match whole(|buffer| getxattr(path, name, buffer)) {
                Ok(value) => all.push((name.to_owned(), value)),
                // Removed since it was listed, or not for this user to see.
                Err(Errno::NODATA | Errno::PERM | Errno::ACCESS) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(all)
    }

    pub(super) fn give(file: &File, all: &[(String, Vec<u8>)]) -> io::Result<()> {
        let listed = whole(|buffer| flistxattr(file, buffer)).unwrap_or_default();
        let inherits = names(&listed).any(|name| name == ACCESS_LIST);
        if inherits && !all.iter().any(|(name, _)| name == ACCESS_LIST) {
            fremovexattr(file, ACCESS_LIST)?;
        }
        for (name, value) in all {
            let Err(error) = fsetxattr(file, name, value, XattrFlags::empty()) else {
                continue;
            };
            // Where a file came from, for one, is for macOS alone to note.
            if !name.starts_with("com.apple.") {
                return Err(io::Error::new(
                    io::Error::from(error).kind(),
                    format!("its extended attribute `{name}` would be lost"),
                ));
            }
        }
        Ok(())
    }

    /// The names that a copy has to be given: `security.` and `trusted.` are the system's to set.
    fn names(listed: &[u8]) -> impl Iterator<Item = &str> {
        listed
            .split(|&byte| byte == 0)
            .filter_map(|name| std::str::from_utf8(name).ok())
            .filter(|name| !name.is_empty())
            .filter(|name| !name.starts_with("security.") && !name.starts_with("trusted."))
    }

    /// All of what `read` gives, in a buffer that is large enough.
    fn whole(read: impl Fn(&mut [u8]) -> Result<usize, Errno>) -> Result<Vec<u8>, Errno> {
        let mut buffer = vec![0; 1024];
        loop {
            match read(&mut buffer) {
                Ok(len) => {
                    buffer.truncate(len);
                    return Ok(buffer);
                }
                // No system allows more than this.
                Err(Errno::RANGE) if buffer.len() < 1 << 20 => buffer.resize(buffer.len() * 4, 0),
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
mod extended {
    use std::fs::File;
    use std::io;
    use std::path::Path;

    #[allow(clippy::unnecessary_wraps)] // Elsewhere it can fail.
    pub(super) fn of(_path: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
        Ok(Vec::new())
    }

    #[allow(clippy::unnecessary_wraps)] // Elsewhere it can fail.
    pub(super) fn give(_file: &File, _all: &[(String, Vec<u8>)]) -> io::Result<()> {
        Ok(())
    }
}
