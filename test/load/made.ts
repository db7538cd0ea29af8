/** Components with any types, which do nothing: made of WIT. */
import { $init, tools } from "../../node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js";
import { decode } from "../../src/load/decode/decode.ts";
import type { Plan } from "../../src/load/plan/items.ts";
import { planOf } from "../../src/load/plan/plan.ts";

await $init;

/** A component whose world is `root` in the given WIT. @throws What says why the WIT is none. */
export function componentOf(wit: string): Uint8Array {
  return tools.componentNew(tools.componentEmbed({ witSource: wit, dummy: true, world: "root" }), undefined);
}

/** The binary of a component, or of a core module, from its text. It need not be valid. */
export function binaryOf(text: string): Uint8Array {
  return tools.parse(text);
}

/** In the text of a component: what a handler of `wasi:http` 0.2 is given, as `$request` and `$out`. */
export const HANDLER_TYPES = `
  (import "wasi:http/types@0.2.0" (instance $types
    (export "incoming-request" (type (sub resource)))
    (export "response-outparam" (type (sub resource)))))
  (alias export $types "incoming-request" (type $request))
  (alias export $types "response-outparam" (type $out))`;

/** The world of a component, as others print it. */
export function worldOf(component: Uint8Array): string {
  return tools.componentWit(component);
}

export function plan(component: Uint8Array): Plan {
  return planOf(decode(component));
}

/** Every kind of type, in both directions, in interfaces and in the world. */
export const EVERYTHING = `
package root:component;

world root {
  import a:b/types@1.0.0;
  import a:b/user@1.0.0;
  import inline: interface {
    use a:b/types@1.0.0.{point};
    f: func(x: point) -> result<point, string>;
  }
  record settings { a-1: u8, list-b: list<level>, inner: option<u8> }
  enum level { low, %high }
  import log: func(settings: settings, new: option<option<u8>>) -> option<level>;
  export compute: func(settings: settings, this: option<u8>) -> result<settings, level>;
  export a:b/types@1.0.0;
  export mine: interface {
    resource counter {
      constructor(start: u32);
      next: func(by: option<u32>) -> u32;
      merge: static func(a: counter, b: borrow<counter>) -> result<counter, string>;
    }
    resource bare { describe: func() -> string; }
    resource fallible { constructor() -> result<fallible, string>; }
    then: func() -> counter;
    take: func(counters: list<counter>) -> tuple<counter, bare>;
  }
}

package a:b@1.0.0 {
  interface types {
    type bytes = list<u8>;
    type number = u32;
    record point { x: f64, y: f64, %record: map<string, u8>, fixed: list<u8, 4> }
    type same = point;
    variant shape { dot, circle(f32), many(list<point>), %result(result<u8>) }
    enum promise { %list, %map }
    flags permissions { read, write, execute-all }
    resource file {
      constructor(path: string, permissions: permissions);
      size: func() -> result<u64, promise>;
      open: static func(path: string) -> result<file>;
    }
    numbers: func(a: list<s8>, b: list<u16>, c: list<s32>, d: list<u64>, e: list<s64>, f: list<f32>, g: list<f64>)
      -> tuple<bool, s8, u8, s16, u16, s32, u32, s64, u64, f32, f64, char, string>;
    nested: func(a: option<option<string>>, b: result<_, string>, c: list<tuple<u8, list<list<bytes>>>>) -> shape;
    handles: func(a: borrow<file>, b: list<file>) -> result<file, shape>;
    %type: func(%type: number, %from: permissions) -> same;
    nothing: func();
  }
  interface user {
    use types.{point as spot, file};
    move: func(%file: borrow<file>, to: spot) -> spot;
  }
}
`;

/** As much of WASI as has streams. */
export const STREAMS = `
package root:component;

world root {
  import wasi:io/streams@0.2.6;
  import filter: interface {
    use wasi:io/streams@0.2.6.{input-stream, output-stream};
    record pair { input: input-stream, output: output-stream }
    run: func(input: input-stream) -> output-stream;
    both: func(pair: pair) -> pair;
  }
  export make: interface {
    use wasi:io/streams@0.2.6.{input-stream, output-stream};
    use wasi:io/poll@0.2.6.{pollable};
    copy: func(%from: input-stream, to: borrow<output-stream>) -> tuple<input-stream, pollable>;
  }
}

package wasi:io@0.2.6 {
  interface poll {
    resource pollable { ready: func() -> bool; }
  }
  interface streams {
    use poll.{pollable};
    resource input-stream { subscribe: func() -> pollable; }
    resource output-stream;
  }
}
`;

/** What WASI 0.3 adds to types. */
export const ASYNC = `
package root:component;

world root {
  import host: interface {
    record page { title: string, body: stream<u8> }
    open: async func(url: string) -> result<page, string>;
    lines: func(of: stream<u8>) -> stream<string>;
    told: func(what: error-context, %when: future) -> future<result<u32, error-context>>;
  }
  export guest: interface {
    pages: async func(titles: stream<string>, done: future<bool>) -> tuple<stream<u8>, future<result<_, string>>>;
    %nothing: func(x: stream) -> list<stream<tuple<u8, stream<u8>>>>;
  }
}
`;
