/* Prints the entries of a directory, one a line and sorted: type, size if it is a file, name. */
#include "libc.h"
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static const char *type_of(mode_t mode) {
  switch (mode & S_IFMT) {
    case S_IFDIR: return "directory";
    case S_IFREG: return "file";
    case S_IFLNK: return "link";
    default: return "other";
  }
}

static int by_name(const struct dirent **a, const struct dirent **b) {
  return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_named(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

int main(int count, char **arguments) {
  const char *path = count > 1 ? arguments[1] : ".";
  struct dirent **entries;
  DIR *directory = opendir(path);
  int length = scandir(path, &entries, is_named, by_name);
  if (directory == NULL || length < 0) {
    perror(path);
    return 1;
  }
  for (int i = 0; i < length; i++) {
    struct stat stat;
    if (fstatat(dirfd(directory), entries[i]->d_name, &stat, AT_SYMLINK_NOFOLLOW) != 0) {
      perror(entries[i]->d_name);
      return 1;
    }
    printf("%s", type_of(stat.st_mode));
    if (S_ISREG(stat.st_mode)) printf(" %lld", (long long)stat.st_size);
    printf(" %s\n", entries[i]->d_name);
  }
  return 0;
}
