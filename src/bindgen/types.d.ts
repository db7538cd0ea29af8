/** The bindgen, which scripts/build.js takes out of its package. */
declare module "#bindgen" {
  export const $init: Promise<void>;
  export function generate(component: Uint8Array, options: object): { files: [string, Uint8Array][] };
}
