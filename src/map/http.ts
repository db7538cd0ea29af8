/**
 * `wasi:http` for components that jco transpiles: `--map 'wasi:http/*=sluice/http#*'`, together with `sluice/io`. A guest
 * sends no requests before `grantHttp` has been called.
 *
 * @module
 */
import { loadInterfaces } from "../bind/interfaces.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import { limitsFrom } from "../run/given-limits.ts";
import { httpOf } from "../run/http.ts";
import type { HttpOptions } from "../run/options.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import { provide, setHttp } from "./world.ts";

await loadInterfaces(["wasi:http/types"]);

/**
 * Says to whom the guests of this process may send requests: to nobody, to everybody, to some, or by which client. Holds
 * once it resolves, for requests that are sent from then on.
 *
 * @throws {TypeError} For rules that are none.
 */
export async function grantHttp(
  option: boolean | HttpOptions | HttpClient | ((request: Request) => Response | Promise<Response>),
): Promise<void> {
  setHttp(option === false ? undefined : await httpOf(nodePlatform, option, limitsFrom()));
}

/** @see WASI 0.2 `wasi:http/types` */
export const types: Record<string, unknown> = provide("wasi:http/types");
/** @see WASI 0.2 `wasi:http/outgoing-handler` */
export const outgoingHandler: Record<string, unknown> = provide("wasi:http/outgoing-handler");
