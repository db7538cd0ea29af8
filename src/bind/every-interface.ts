/** All interfaces at once, for who looks into a component and loads nothing of it. */
import { HTTP_INTERFACES } from "./http/interfaces.ts";
import { loaded, loadedP3 } from "./interfaces.ts";
import { HTTP_INTERFACES as P3_HTTP_INTERFACES } from "./p3/http/interfaces.ts";
import { P3_INTERFACES } from "./p3/interfaces.ts";
import { P3_SOCKET_INTERFACES } from "./p3/sockets/interfaces.ts";
import { SOCKET_INTERFACES } from "./sockets/interfaces.ts";

/** From here on each of them is known. */
export function knowEveryInterface(): void {
  for (const each of [...SOCKET_INTERFACES, ...HTTP_INTERFACES]) loaded.set(each.name, each);
  for (const each of [...P3_INTERFACES, ...P3_SOCKET_INTERFACES, ...P3_HTTP_INTERFACES]) loadedP3.set(each.name, each);
}
