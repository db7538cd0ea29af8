/** `wasi_snapshot_preview1`, as a core module calls it: one more thin face over what `wasi/` and `io/` mean. */
import { Timers } from "../../wasi/clocks/timers.ts";
import { Listings } from "../../wasi/filesystem/listings.ts";
import type { World } from "../../wasi/world.ts";
import type { P1, P1Functions, P1Host } from "./define.ts";
import { descriptorFunctions } from "./descriptors.ts";
import { Fds } from "./fds.ts";
import { P1Memory } from "./memory.ts";
import { pathFunctions } from "./paths.ts";
import { pollFunctions } from "./poll.ts";
import { processFunctions } from "./process.ts";
import { readdirFunctions } from "./readdir.ts";
import { socketFunctions } from "./sockets.ts";
import { transferFunctions } from "./transfer.ts";

/** What a module imports it as. */
export const PREVIEW1 = "wasi_snapshot_preview1";

/** All of its functions, for those who have to know them before there is an instance. */
export const PREVIEW1_NAMES: ReadonlySet<string> = new Set([
  ...["args_get", "args_sizes_get", "environ_get", "environ_sizes_get", "clock_res_get", "clock_time_get"],
  ...["fd_advise", "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags"],
  ...["fd_fdstat_set_rights", "fd_filestat_get", "fd_filestat_set_size", "fd_filestat_set_times", "fd_pread"],
  ...["fd_prestat_get", "fd_prestat_dir_name", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek"],
  ...["fd_sync", "fd_tell", "fd_write", "path_create_directory", "path_filestat_get", "path_filestat_set_times"],
  ...["path_link", "path_open", "path_readlink", "path_remove_directory", "path_rename", "path_symlink"],
  ...["path_unlink_file", "poll_oneoff", "proc_exit", "proc_raise", "sched_yield", "random_get"],
  ...["sock_accept", "sock_recv", "sock_send", "sock_shutdown"],
]);

/** The functions of one instance. `buffer` gives its memory as it is at the time. */
export function preview1(world: World, host: P1Host, buffer: () => ArrayBuffer): P1Functions {
  const fds = new Fds(world);
  host.onEnd(() => fds.closeAll());
  const p1: P1 = {
    ...{ world, host, fds },
    memory: new P1Memory(buffer),
    timers: new Timers(world.monotonicClock),
    listings: new Listings(world.limits.listedEntries, host.task),
  };
  return {
    ...processFunctions(p1),
    ...descriptorFunctions(p1),
    ...transferFunctions(p1),
    ...readdirFunctions(p1),
    ...pathFunctions(p1),
    ...pollFunctions(p1),
    ...socketFunctions(p1),
  };
}
