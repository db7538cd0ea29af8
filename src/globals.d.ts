/**
 * The few globals that the neutral layers may name, since every runtime that we support has them. Anything else is
 * a port that a host provides.
 */

interface TextEncoder {
  encode(text: string): Uint8Array;
  encodeInto(text: string, into: Uint8Array): { readonly written: number };
}
declare var TextEncoder: { new (): TextEncoder };

interface TextDecoder {
  decode(bytes?: Uint8Array): string;
}
declare var TextDecoder: {
  new (label: "utf-8" | "utf-16le", options: { readonly fatal: boolean; readonly ignoreBOM: boolean }): TextDecoder;
};

/** For the names of hosts: what may be one, and IDNA. */
declare var URL: { new (url: string): { readonly hostname: string } };

interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: "abort", listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

interface AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
declare var AbortController: { new (): AbortController };

declare namespace WebAssembly {
  class RuntimeError extends Error {
    constructor(message?: string, options?: ErrorOptions);
  }
  class Module {
    constructor(bytes: Uint8Array);
    static customSections(module: Module, name: string): ArrayBuffer[];
    static exports(module: Module): { readonly name: string; readonly kind: string }[];
    static imports(module: Module): { readonly module: string; readonly name: string; readonly kind: string }[];
  }
  class Instance {
    constructor(module: Module, imports: Record<string, object>);
    readonly exports: Record<string, unknown>;
  }
  class Memory {
    constructor(descriptor: { readonly initial: number; readonly maximum?: number });
    readonly buffer: ArrayBuffer;
  }
  class Global {
    constructor(descriptor: { readonly value: "i32"; readonly mutable: boolean }, value: number);
    value: number;
  }
  class Table {
    constructor(descriptor: { readonly element: "anyfunc"; readonly initial: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value: unknown): void;
  }
  class CompileError extends Error {}
  class LinkError extends Error {}
  /** JavaScript Promise Integration: absent before Node 24. */
  class Suspending {
    constructor(fn: (...args: never[]) => Promise<unknown>);
  }
  function promising(fn: (...args: never[]) => unknown): (...args: unknown[]) => Promise<unknown>;
  function validate(bytes: Uint8Array): boolean;
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(module: Module, imports?: Record<string, object>): Promise<Instance>;
}
