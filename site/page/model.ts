/** What stands on the stage: guests, and what is wired to what. */
import { inspect, type ComponentInspection, type InspectedFunction, type ModuleInspection } from "sluice/inspect";
import type { ChannelPlan, End, Files, RequestPlan, RunPlan, TerminalPlan } from "../protocol.ts";
import { callable, callOf, callText } from "./call.ts";
import { envOf, fieldsOf, OPEN, rateOf, wordsOf } from "./format.ts";

export type Inspection = ComponentInspection | ModuleInspection;

/** As many as a screen has room for. */
export const MAX_GUESTS = 3;

export interface Guest {
  readonly id: number;
  readonly name: string;
  /** The language, or what it was dropped as. */
  readonly origin: string;
  readonly component: Uint8Array;
  /** Or why it cannot be looked into. */
  readonly inspection: Inspection | string;
  /** Why it cannot run here, if so. */
  readonly problems: readonly string[];
  readonly isCommand: boolean;
  /** What of it can be called, besides the command that it may be. */
  readonly functions: readonly InspectedFunction[];
  /** What is called when it runs: the command, if nothing. */
  call: Call | undefined;
  /** What it is asked, if it is one that answers requests. */
  asked: Asked | undefined;
  args: string;
  env: string;
  /** What it reads if nobody is wired to it. */
  input: Input;
  /** Where its input's gate is, and that of its output. */
  inputGate: number;
  gate: number;
  /** Whose input its output is; the screen's if nobody's. */
  next: Guest | undefined;
  /** Whether it can send requests. */
  readonly isClient: boolean;
  /** Who answers those; the page if nobody. */
  server: Guest | undefined;
}

/** A call of a function, as it is typed. */
export interface Call {
  readonly name: string;
  /** In the order of the parameters. */
  readonly values: readonly string[];
}

/** A request, as it is typed. */
export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  /** Lines `name: value`. */
  readonly headers: string;
}

/** Where an input comes from: what is there, lines that are typed while it runs, or a terminal, which also shows the output. */
export type InputMode = "text" | "lines" | "terminal";

export interface Input {
  mode: InputMode;
  text: string;
  /** In place of the text. */
  file: { readonly name: string; readonly bytes: Uint8Array } | undefined;
}

export interface NewGuest {
  readonly name: string;
  readonly origin: string;
  readonly component: Uint8Array;
  readonly args?: string | undefined;
  readonly env?: string | undefined;
  readonly asked?: Asked | undefined;
  readonly gate?: number | undefined;
  readonly inputGate?: number | undefined;
}

/** A channel that ends at the screen, and whose output it is. */
export interface ScreenEnd {
  readonly channel: number;
  readonly name: string;
  /** The number of the terminal that is its end, if one is. */
  readonly terminal: number | undefined;
}

const FIRST_REQUEST: Asked = { method: "GET", path: "/", headers: "" };

/** A channel by the guest whose input or output it is. */
export interface ChannelKey {
  readonly guest: Guest;
  readonly is: "input" | "output";
}

export class Stage {
  guests: readonly Guest[] = [];
  files: Files = {};
  /** Where the gates of files are until they are moved. */
  fileGate: number = OPEN;
  #next = 1;

  add({ name, origin, component, args = "", env = "", asked, gate = OPEN, inputGate = OPEN }: NewGuest): Guest {
    if (this.guests.length >= MAX_GUESTS) throw new RangeError(`There is room for ${MAX_GUESTS} guests`);
    const inspection = inspected(component);
    const functions = callable(inspection);
    const isCommand = typeof inspection !== "string" && inspection.isCommand;
    const ownRequest = isHandler(inspection) ? (asked ?? FIRST_REQUEST) : undefined;
    const guest: Guest = {
      id: this.#next++,
      name,
      origin,
      component,
      inspection,
      problems: problemsOf(inspection, functions.length > 0 || ownRequest !== undefined),
      isCommand,
      functions,
      call: isCommand ? undefined : callOf(functions[0]),
      asked: ownRequest,
      args,
      env,
      input: { mode: "text", text: "", file: undefined },
      inputGate,
      gate,
      next: undefined,
      isClient: isClient(inspection),
      server: undefined,
    };
    this.guests = [...this.guests, guest];
    return guest;
  }

  /** Takes a guest off. */
  remove(guest: Guest): void {
    this.#unwire(guest);
    this.guests = this.guests.filter((other) => other !== guest);
  }

  /** Takes a guest out of its pipe, which closes behind it, and from who asks it. */
  #unwire(guest: Guest): void {
    for (const other of this.guests) {
      if (other.next === guest) other.next = guest.next;
      if (other.server === guest) other.server = undefined;
    }
  }

  /** Who sends a guest requests, if a guest does. */
  askerOf(guest: Guest): Guest | undefined {
    return this.guests.find(({ server }) => server === guest);
  }

  /** Whether `to` can answer what `from` asks: requests that came back to who sent them would have no end. */
  canAsk(from: Guest, to: Guest): boolean {
    if (!from.isClient || !to.asked) return false;
    for (let at: Guest | undefined = to; at; at = at.server) if (at === from) return false;
    return true;
  }

  /** @param to The page, if nobody. */
  ask(from: Guest, to: Guest | undefined): void {
    if (to && !this.canAsk(from, to)) return;
    if (to) {
      this.#unwire(to);
      to.next = undefined;
    }
    from.server = to;
  }

  clear(): void {
    this.guests = [];
    this.fileGate = OPEN;
  }

  /** Whether the output of `from` can be the input of `to`: a stream that flows in a circle would have no beginning. */
  canConnect(from: Guest, to: Guest): boolean {
    // Its answers go to who asked.
    if (this.askerOf(from)) return false;
    for (let at: Guest | undefined = to; at; at = at.next) if (at === from) return false;
    return true;
  }

  /** @param to The screen, if nobody. */
  connect(from: Guest, to: Guest | undefined): void {
    if (to && !this.canConnect(from, to)) return;
    // An input has one writer.
    for (const other of this.guests) {
      if (to && other.next === to) other.next = undefined;
      if (to && other.server === to) other.server = undefined;
    }
    from.next = to;
  }

  /**
   * The pipes, each from the guest that reads the input to the one that writes to the screen. Those who are asked by a guest of
   * a pipe are behind it, each a pipe of its own.
   */
  lanes(): readonly (readonly Guest[])[] {
    const heads = this.guests.filter(
      (guest) => !this.guests.some(({ next, server }) => [next, server].includes(guest)),
    );
    return heads.flatMap((head) => this.#lanesFrom(head));
  }

  /** Who reads the input that a guest lives on: through its pipe, and through who asks it. */
  headOf(guest: Guest): Guest {
    const before = this.guests.find(({ next, server }) => next === guest || server === guest);
    return before ? this.headOf(before) : guest;
  }

  #lanesFrom(head: Guest): (readonly Guest[])[] {
    const lane = [];
    for (let at: Guest | undefined = head; at; at = at.next) lane.push(at);
    return [lane, ...lane.flatMap(({ server }) => (server ? this.#lanesFrom(server) : []))];
  }

  /** In the order of `plan().channels`. */
  channels(): readonly ChannelKey[] {
    return this.lanes().flatMap((lane) =>
      lane.flatMap((guest, index): ChannelKey[] => [
        ...(index === 0 ? [{ guest, is: "input" } as const] : []),
        { guest, is: "output" },
      ]),
    );
  }

  /** Where pipes end. */
  screens(): readonly ScreenEnd[] {
    return this.channels().flatMap(({ guest, is }, channel) =>
      is === "output" && !guest.next && !this.askerOf(guest)
        ? [{ channel, name: guest.name, terminal: this.#terminalOf(guest) }]
        : [],
    );
  }

  /** @param terminals In the order of their pipes. */
  plan(terminals: readonly TerminalPlan[] = []): RunPlan {
    return {
      guests: this.guests.map((guest) => {
        const { id, name, args, env, call, asked, functions, server } = guest;
        return {
          name,
          component: id,
          args: wordsOf(args),
          env: envOf(env),
          call: call && !asked ? callText(call, functions) : undefined,
          request: asked && !this.askerOf(guest) ? requestOf(asked) : undefined,
          server: server && this.guests.indexOf(server),
          terminal: this.#terminalOf(guest),
        };
      }),
      channels: this.channels().map((key) => this.#channelPlan(key)),
      terminals,
      files: this.files,
      fileRate: rateOf(this.fileGate),
      bufferBytes: 65_536,
    };
  }

  /** The number of the terminal of a guest's pipe, if it has one. */
  #terminalOf(guest: Guest): number | undefined {
    const lanes = this.lanes().filter(([head]) => head?.input.mode === "terminal" && !this.askerOf(head));
    const index = lanes.findIndex((lane) => lane.includes(guest));
    return index < 0 ? undefined : index;
  }

  #channelPlan({ guest, is }: ChannelKey): ChannelPlan {
    const self: End = { is: "guest", index: this.guests.indexOf(guest) };
    const asker = this.askerOf(guest);
    if (asker) {
      const end: End = { is: "asker", index: this.guests.indexOf(asker) };
      const isInput = is === "input";
      return {
        from: isInput ? end : self,
        to: isInput ? self : end,
        rate: rateOf(isInput ? guest.inputGate : guest.gate),
      };
    }
    const terminal = this.#terminalOf(guest);
    const end: End | undefined = terminal === undefined ? undefined : { is: "terminal", terminal };
    if (is === "input") return { from: end ?? inputOf(guest.input), to: self, rate: rateOf(guest.inputGate) };
    const to: End = guest.next ? { is: "guest", index: this.guests.indexOf(guest.next) } : (end ?? { is: "screen" });
    return { from: self, to, rate: rateOf(guest.gate) };
  }
}

function inputOf({ text, file, mode }: Input): End {
  return { is: "input", bytes: file?.bytes ?? new TextEncoder().encode(text), isLive: mode === "lines" };
}

function requestOf({ method, path, headers }: Asked): RequestPlan {
  return { method, path: path.startsWith("/") ? path : `/${path}`, headers: fieldsOf(headers) };
}

/** @param hasMore Whether it has something that can be called or asked, besides being a command. */
function problemsOf(inspection: Inspection | string, hasMore: boolean): string[] {
  if (typeof inspection === "string") return [inspection];
  const { missing } = inspection;
  return [
    missing.length > 0 && `Nobody here provides ${missing.join(", ")}`,
    inspection.kind === "component" && inspection.unsupported,
    !inspection.isCommand &&
      !hasMore &&
      "It is no command: it exports neither wasi:cli/run nor _start, and nothing that could be called or asked here",
  ].filter((problem) => typeof problem === "string");
}

/** Whether it answers requests. */
function isHandler(inspection: Inspection | string): boolean {
  if (typeof inspection === "string" || inspection.kind !== "component") return false;
  return inspection.exports.some((name) => /^wasi:http\/(incoming-)?handler@0\.[23]\./.test(name));
}

/** Whether it sends requests. */
function isClient(inspection: Inspection | string): boolean {
  if (typeof inspection === "string" || inspection.kind !== "component") return false;
  return inspection.imports.some(({ name }) =>
    /^wasi:http\/(outgoing-handler@0\.2|handler@0\.3|client@0\.3)\./.test(name),
  );
}

function inspected(component: Uint8Array): Inspection | string {
  try {
    return inspect(component);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
