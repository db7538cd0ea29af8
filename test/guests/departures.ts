/**
 * Where we answer a guest otherwise than Wasmtime does, line by line of what the guests print that print,
 * and why. A line that is listed here and does agree breaks the tests, as one does that is not listed and does not.
 */
export interface Departure {
  readonly guest: string;
  readonly why: string;
  /** What Wasmtime lets the guest print, and what we do. */
  readonly lines: readonly (readonly [theirs: string, ours: string])[];
}

export const departures: readonly Departure[] = [
  {
    guest: "lookup-names",
    why: "no IPv4 address is given as one of IPv6, as the WIT says",
    lines: [
      ["`::ffff:1.2.3.4`: 0:0:0:0:0:ffff:102:304", "`::ffff:1.2.3.4`: 1.2.3.4"],
      ["`[::ffff:102:304]`: 0:0:0:0:0:ffff:102:304", "`[::ffff:102:304]`: 1.2.3.4"],
    ],
  },
  {
    guest: "fs-errors",
    why: "a slash at the end makes no difference to what is a directory, and a link is none, as on Linux",
    lines: [
      ["rmdir `dir/`: invalid", "rmdir `dir/`: ok"],
      ["rmdir `full/`: invalid", "rmdir `full/`: not-empty"],
      ["rmdir `to-dir/`: invalid", "rmdir `to-dir/`: not-directory"],
      ["rmdir `loop/`: loop", "rmdir `loop/`: not-directory"],
      ["rmdir `dangling/`: no-entry", "rmdir `dangling/`: not-directory"],
    ],
  },
  {
    guest: "fs-errors",
    why: "a link is no directory, whatever it leads to, as on Linux",
    lines: [
      ["unlink `up/`: not-permitted", "unlink `up/`: not-directory"],
      ["unlink `to-dir/`: is-directory", "unlink `to-dir/`: not-directory"],
      ["unlink `loop/`: loop", "unlink `loop/`: not-directory"],
      ["unlink `dangling/`: no-entry", "unlink `dangling/`: not-directory"],
    ],
  },
  {
    guest: "fs-errors",
    why: "what is there already comes before the slash at the end, as on Linux",
    lines: [
      ["symlink-as `up/`: not-permitted", "symlink-as `up/`: exist"],
      ["symlink-as `file/`: not-directory", "symlink-as `file/`: exist"],
      ["symlink-as `file//`: not-directory", "symlink-as `file//`: exist"],
      ["symlink-as `to-file/`: not-directory", "symlink-as `to-file/`: exist"],
      ["symlink-as `loop/`: loop", "symlink-as `loop/`: exist"],
      ["symlink-as `dangling/`: no-entry", "symlink-as `dangling/`: exist"],
    ],
  },
  {
    guest: "fs-errors",
    why: "what is there already comes before the slash at the end, as on Linux",
    lines: [
      ["link-as `up/`: not-permitted", "link-as `up/`: exist"],
      ["link-as `file/`: not-directory", "link-as `file/`: exist"],
      ["link-as `file//`: not-directory", "link-as `file//`: exist"],
      ["link-as `to-file/`: not-directory", "link-as `to-file/`: exist"],
      ["link-as `loop/`: loop", "link-as `loop/`: exist"],
      ["link-as `dangling/`: no-entry", "link-as `dangling/`: exist"],
    ],
  },
  {
    guest: "fs-errors",
    why: "advice is free to be ignored",
    lines: [["advise beyond all `file`: invalid", "advise beyond all `file`: ok"]],
  },
  {
    guest: "fs-errors",
    why: "the system says so of a time that it cannot hold",
    lines: [["set-times to the largest `file`: overflow", "set-times to the largest `file`: invalid"]],
  },
  {
    guest: "fs-open-flags",
    why: "a link that is to be a directory and is not to be followed is none, as on Linux",
    lines: [
      ["link-to-file - -d-- ---: loop", "link-to-file - -d-- ---: not-directory"],
      ["link-to-file - -d-- r--: loop", "link-to-file - -d-- r--: not-directory"],
      ["link-to-file - -d-- -w-: loop", "link-to-file - -d-- -w-: not-directory"],
      ["link-to-file - -d-- rw-: loop", "link-to-file - -d-- rw-: not-directory"],
      ["link-to-file - -d-- --m: loop", "link-to-file - -d-- --m: not-directory"],
      ["link-to-file - -d-- r-m: loop", "link-to-file - -d-- r-m: not-directory"],
      ["link-to-file - -d-- -wm: loop", "link-to-file - -d-- -wm: not-directory"],
      ["link-to-file - -d-- rwm: loop", "link-to-file - -d-- rwm: not-directory"],
      ["link-to-directory - -d-- ---: loop", "link-to-directory - -d-- ---: not-directory"],
      ["link-to-directory - -d-- r--: loop", "link-to-directory - -d-- r--: not-directory"],
      ["link-to-directory - -d-- -w-: loop", "link-to-directory - -d-- -w-: not-directory"],
      ["link-to-directory - -d-- rw-: loop", "link-to-directory - -d-- rw-: not-directory"],
      ["link-to-directory - -d-- --m: loop", "link-to-directory - -d-- --m: not-directory"],
      ["link-to-directory - -d-- r-m: loop", "link-to-directory - -d-- r-m: not-directory"],
      ["link-to-directory - -d-- -wm: loop", "link-to-directory - -d-- -wm: not-directory"],
      ["link-to-directory - -d-- rwm: loop", "link-to-directory - -d-- rwm: not-directory"],
      ["loop - -d-- ---: loop", "loop - -d-- ---: not-directory"],
      ["loop - -d-- r--: loop", "loop - -d-- r--: not-directory"],
      ["loop - -d-- -w-: loop", "loop - -d-- -w-: not-directory"],
      ["loop - -d-- rw-: loop", "loop - -d-- rw-: not-directory"],
      ["loop - -d-- --m: loop", "loop - -d-- --m: not-directory"],
      ["loop - -d-- r-m: loop", "loop - -d-- r-m: not-directory"],
      ["loop - -d-- -wm: loop", "loop - -d-- -wm: not-directory"],
      ["loop - -d-- rwm: loop", "loop - -d-- rwm: not-directory"],
      ["dangling - -d-- ---: loop", "dangling - -d-- ---: not-directory"],
      ["dangling - -d-- r--: loop", "dangling - -d-- r--: not-directory"],
      ["dangling - -d-- -w-: loop", "dangling - -d-- -w-: not-directory"],
      ["dangling - -d-- rw-: loop", "dangling - -d-- rw-: not-directory"],
      ["dangling - -d-- --m: loop", "dangling - -d-- --m: not-directory"],
      ["dangling - -d-- r-m: loop", "dangling - -d-- r-m: not-directory"],
      ["dangling - -d-- -wm: loop", "dangling - -d-- -wm: not-directory"],
      ["dangling - -d-- rwm: loop", "dangling - -d-- rwm: not-directory"],
    ],
  },
];
