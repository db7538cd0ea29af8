/** Sockets, of which preview 1 gives a guest none: it can only be told that what it has is none. */
import { FileError } from "../../wasi/filesystem/files.ts";
import { define, type P1, type P1Functions } from "./define.ts";

export function socketFunctions({ fds }: P1): P1Functions {
  const refuse = (fd: number): never => {
    fds.get(fd);
    throw new FileError("ENOTSOCK", `${fd} is no socket`);
  };
  return {
    sock_accept: define(["u32", "u32", "u32"], refuse),
    sock_recv: define(["u32", "u32", "u32", "u32", "u32", "u32"], refuse),
    sock_send: define(["u32", "u32", "u32", "u32", "u32"], refuse),
    sock_shutdown: define(["u32", "u32"], refuse),
  };
}
