/** Puts the parts of the page together: what is on the stage, what runs, and what is seen of it. */
import { POEM, SAMPLES, SCENARIOS, type Scenario } from "../catalog.ts";
import type { Answered, Ending, Files, Frame } from "../protocol.ts";
import { DRIP_BYTES } from "./channel-view.ts";
import { callText, shortOf } from "./call.ts";
import { onChosen } from "./choice.ts";
import { announce, byId, h, setText } from "./dom.ts";
import { droppedFiles, pickedFiles, read, watchDrags, type Dropped } from "./dropped.ts";
import { countText, OPEN, rateOf } from "./format.ts";
import { GuestPanel } from "./guest-panel.ts";
import { InputPanel } from "./input-panel.ts";
import { MAX_GUESTS, Stage, type Guest, type NewGuest } from "./model.ts";
import { guestOf, numberedLines, riverFiles, sampleOf } from "./samples.ts";
import { ScreenPanel } from "./screen-panel.ts";
import { Session } from "./session.ts";
import { StageView } from "./stage-view.ts";
import { Timeline } from "./timeline.ts";
import { waitOf } from "./waits.ts";
import { unzip } from "./zip.ts";

/** Guests whose thread tells nothing for so long keep it busy. */
const SILENT_MS = 500;

/** All that there is to read. */
function filesOf({ files, fileGate }: Scenario): Files {
  const texts = Object.entries({ "poem.txt": POEM, ...files });
  const encoder = new TextEncoder();
  const encoded = Object.fromEntries(texts.map(([path, text]) => [path, encoder.encode(text)]));
  return fileGate === undefined ? encoded : { ...encoded, ...riverFiles() };
}

export class Playground {
  readonly #stage = new Stage();
  readonly #session = new Session({
    onFrame: (frame) => this.#frame(frame),
    onAnswered: (answer) => this.#answered(answer),
    onTerminal: (terminal, bytes) => void this.#screen.showInTerminal(terminal, bytes),
    onEnded: (guest, ending, at) => this.#ended(guest, ending, at),
    onOver: (files) => this.#over(files),
    onFault: (message) => this.#problem(message),
  });
  readonly #view: StageView;
  readonly #input: InputPanel;
  readonly #panel: GuestPanel;
  readonly #screen = new ScreenPanel((terminal, event) => this.#session.tell({ is: "terminal", terminal, event }));
  readonly #timeline = new Timeline();
  readonly #run = byId("run");
  readonly #stop = byId("stop");
  /** Indexes of guests that have ended. */
  readonly #done = new Set<number>();
  #selected: Guest | undefined;
  /** How many scenarios have been asked for. */
  #asked = 0;
  /** When the last frame was, for the run and for the page. */
  #at = 0;
  #heard = 0;
  #silence: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.#view = new StageView(byId("lanes"), this.#stage, {
      onSelect: (guest) => this.#select(guest),
      onInput: (guest) => {
        this.#select(guest);
        this.#input.focus();
      },
      onCall: (guest) => {
        this.#select(guest);
        this.#panel.focusCall();
      },
      onChanged: () => this.#changed(),
      onGate: (channel, position) => this.#session.tell({ is: "rate", channel, rate: rateOf(position) }),
      onDrip: (channel) => this.#session.tell({ is: "let", channel, bytes: DRIP_BYTES }),
      onFileGate: ({ guest, index }, position) => {
        this.#session.tell({ is: "file-rate", guest, index, rate: rateOf(position) });
      },
      onFileDrip: ({ guest, index }) => {
        this.#session.tell({ is: "file-let", guest, index, bytes: DRIP_BYTES });
      },
    });
    this.#input = new InputPanel({
      onChanged: () => {
        this.#view.showInputs();
        this.#screen.build(this.#stage.screens());
      },
      onLine: (guest, line) => this.#type(guest, line),
      onNotOpened: (error) => this.#notOpened(error),
    });
    this.#panel = new GuestPanel({
      onCall: (guest) => this.#view.showCall(guest),
      onFilesDropped: (files) => void this.#addFiles(files),
      onFileRemoved: (path) => {
        const { [path]: _, ...rest } = this.#stage.files;
        this.#setFiles(rest);
      },
    });
    byId("panels").append(this.#input.element, this.#screen.element, this.#panel.element);
    byId("times").append(this.#timeline.element);
    this.#listen();
    this.#addChoices();
  }

  /** Shows what the address names, or the first scenario. */
  async open(): Promise<void> {
    await this.#play(addressed() ?? SCENARIOS[0]);
    if (!(await this.#session.canSuspend)) {
      this.#problem(
        "This browser cannot suspend WebAssembly (JSPI), so a guest cannot wait here. Chromium from 137 on can, and Firefox from 153 on.",
      );
    }
    document.documentElement.dataset["ready"] = "";
    await this.#rehearse();
  }

  /** While somebody still reads. */
  async #rehearse(): Promise<void> {
    try {
      const { component } = await guestOf(sampleOf("hello"));
      await this.#session.rehearse(component);
    } catch {
      // The first run loads what it needs, then.
      return;
    }
    document.documentElement.dataset["rehearsed"] = "";
  }

  repaint(): void {
    this.#view.repaint();
    this.#timeline.repaint();
  }

  #listen(): void {
    this.#run.addEventListener("click", () => void this.#start());
    this.#stop.addEventListener("click", () => this.#session.stop());
    addEventListener("hashchange", () => {
      const scenario = addressed();
      if (scenario) void this.#choose(scenario);
    });
    addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      if (this.#session.isRunning) this.#session.stop();
      else void this.#start();
    });
    watchDrags();
    addEventListener("dragover", (event) => event.preventDefault());
    addEventListener("drop", (event) => {
      event.preventDefault();
      // Text and links can be dropped too.
      if (event.dataTransfer?.types.includes("Files")) void this.#open(droppedFiles(event.dataTransfer));
    });
  }

  #addChoices(): void {
    for (const scenario of SCENARIOS) {
      const { id, title, isTour } = scenario;
      const link = h("a", { attributes: { href: `#${id}` } }, title);
      // The address stays as it is then, which nobody hears of.
      link.addEventListener("click", () => link.hash === location.hash && void this.#choose(scenario));
      byId(isTour ? "tour" : "scenarios").append(h("li", {}, link));
    }
    const choice = byId("sample");
    choice.append(
      ...SAMPLES.map((sample) =>
        h("option", { attributes: { value: sample.file } }, `${sample.name} (${sample.language}): ${sample.says}`),
      ),
    );
    onChosen(choice, (file) => void this.#addSample(file));
    const pick = byId("component");
    pick.addEventListener("change", () => {
      if (!(pick instanceof HTMLInputElement)) return;
      // None if the choice was cancelled.
      if (pick.files?.length) void this.#open(Promise.resolve(pickedFiles(pick.files)));
      pick.value = "";
    });
  }

  async #choose(scenario: Scenario): Promise<void> {
    const isThere = await this.#play(scenario);
    if (isThere && isAtChoice()) showStage();
    if (isThere && scenario.isTour) await this.#start();
  }

  /** Puts it on the stage. @returns Whether it is there: another one may have been chosen since. */
  async #play(scenario: Scenario | undefined): Promise<boolean> {
    if (!scenario) return false;
    const asked = ++this.#asked;
    let guests: readonly NewGuest[] = [];
    let problem = "";
    try {
      guests = await Promise.all(scenario.guests.map(({ file }) => guestOf(sampleOf(file))));
    } catch (error) {
      problem = String(error);
    }
    if (asked !== this.#asked) return false;
    this.#stage.clear();
    this.#stage.files = filesOf(scenario);
    this.#stage.fileGate = scenario.fileGate ?? OPEN;
    let last: Guest | undefined;
    for (const [index, guest] of guests.entries()) {
      const { isAsked, inputGate = scenario.inputGate, ...own } = scenario.guests[index] ?? {};
      const added = this.#stage.add({ ...guest, ...own, inputGate });
      if (last && isAsked) this.#stage.ask(last, added);
      else if (last) this.#stage.connect(last, added);
      last = added;
    }
    const [first] = this.#stage.guests;
    const { input } = scenario;
    if (first) {
      if (input === "long") first.input.text = numberedLines();
      else first.input.mode = input ?? "text";
    }
    setText(byId("says"), scenario.says);
    for (const link of document.querySelectorAll<HTMLAnchorElement>("#tour a, #scenarios a")) {
      if (link.hash === `#${scenario.id}`) link.setAttribute("aria-current", "true");
      else link.removeAttribute("aria-current");
    }
    this.#changed();
    this.#problem(problem);
    return problem === "";
  }

  async #addSample(file: string): Promise<void> {
    const sample = sampleOf(file);
    try {
      this.#append(await guestOf(sample));
      setText(byId("says"), `${sample.name}: ${sample.says}.`);
    } catch (error) {
      this.#problem(String(error));
    }
  }

  /** A component by itself is a guest, any other file a file of theirs. */
  async #open(given: Promise<readonly Dropped[]>): Promise<void> {
    const isGuest = ({ path }: Dropped): boolean => /^[^/]*\.wasm$/i.test(path);
    try {
      const dropped = await given;
      if (dropped.length === 0) throw new Error("there is no file in it");
      const guests = await Promise.all(dropped.filter(isGuest).map(read));
      for (const { path, bytes } of guests) {
        this.#append({ name: path.replace(/(?<=.)\.wasm$/i, ""), origin: "yours", component: bytes });
      }
      const others = dropped.filter((one) => !isGuest(one));
      if (others.length > 0) await this.#addFiles(Promise.resolve(others));
    } catch (error) {
      this.#notOpened(error);
    }
  }

  #notOpened(error: unknown): void {
    this.#problem(`Not opened: ${error instanceof Error ? error.message : String(error)}`);
  }

  /** At the end of the last pipe. */
  #append(guest: NewGuest): void {
    if (this.#stage.guests.length >= MAX_GUESTS) {
      this.#problem(`There is room for ${MAX_GUESTS} guests: take one off the stage first.`);
      return;
    }
    const before = this.#stage.lanes().at(-1)?.at(-1);
    const added = this.#stage.add(guest);
    if (before) this.#stage.connect(before, added);
    this.#selected = added;
    this.#changed();
    announce(`${added.name} is on the stage`);
    const [problem] = added.problems;
    if (problem !== undefined) this.#problem(`${added.name} cannot run here: ${problem}`);
  }

  /** An archive is all that is in it. */
  async #addFiles(given: Promise<readonly Dropped[]>): Promise<void> {
    try {
      const dropped = await given;
      if (dropped.length === 0) throw new Error("there is no file in it");
      const added = await Promise.all(
        dropped.map(async (one): Promise<Files> => {
          const { path, bytes } = await read(one);
          return /\.zip$/i.test(path) ? unzip(bytes) : { [path]: bytes };
        }),
      );
      this.#setFiles(Object.assign({}, this.#stage.files, ...added));
      announce(`${countText(Object.keys(this.#stage.files).length, "file")} for all guests`);
    } catch (error) {
      this.#notOpened(error);
    }
  }

  #setFiles(files: Files): void {
    this.#stage.files = files;
    this.#panel.showFiles(files);
  }

  /** Guests or wires are others: what runs is over. */
  #changed(): void {
    this.#session.abandon();
    this.#showRun("off");
    this.#problem("");
    this.#session.prepare(new Map(this.#stage.guests.map(({ id, component }) => [id, component])));
    this.#view.build();
    this.#timeline.clear(this.#stage.guests.map(({ name }) => name));
    this.#screen.build(this.#stage.screens());
    this.#panel.showFiles(this.#stage.files);
    const [first] = this.#stage.guests;
    const selected = this.#stage.guests.find((guest) => guest === this.#selected) ?? first;
    if (selected) this.#select(selected);
    this.#run.toggleAttribute("disabled", this.#stage.guests.length === 0);
  }

  #select(guest: Guest): void {
    this.#selected = guest;
    this.#view.select(guest);
    this.#panel.show(guest, this.#stage.askerOf(guest));
    this.#input.show(this.#stage.headOf(guest));
  }

  async #start(): Promise<void> {
    const asked = this.#asked;
    const terminals = await this.#screen.terminals();
    // Meanwhile something else may have been chosen, or started.
    if (asked !== this.#asked || this.#session.isRunning || this.#stage.guests.length === 0) return;
    this.#problem("");
    this.#done.clear();
    this.#view.clear();
    this.#screen.clear();
    this.#timeline.clear(this.#stage.guests.map(({ name }) => name));
    this.#session.run(this.#stage.plan(terminals));
    this.#showRun("on");
    this.#heard = performance.now();
    this.#silence = setInterval(() => {
      if (performance.now() - this.#heard > SILENT_MS) this.#view.compute(this.#done);
    }, SILENT_MS);
    announce("The run has begun");
    // Somebody waits for what is typed.
    if (this.#input.isLive) this.#input.focus();
    this.#screen.focus();
  }

  #frame(frame: Frame): void {
    this.#at = frame.at;
    this.#heard = performance.now();
    const waits = this.#stage.guests.map((guest, index) =>
      this.#done.has(index) ? undefined : waitOf(this.#stage, guest, frame),
    );
    this.#view.show(frame, this.#done, waits);
    this.#screen.show(frame);
    this.#timeline.show(frame, waits);
  }

  #answered({ guest, request: { method, path }, status, headers }: Answered): void {
    const asked = this.#stage.guests[guest];
    const asker = asked && this.#stage.askerOf(asked);
    const who = asker ? `${asker.name} asks ${asked.name}: ` : "";
    const fields = headers.map(([name, value]) => `${name}: ${value}\n`).join("");
    this.#screen.tell(`${who}${method} ${path} → ${status}\n${fields}`);
  }

  #ended(index: number, ending: Ending, at: number): void {
    this.#done.add(index);
    const guest = this.#stage.guests[index];
    if (!guest) return;
    this.#view.ended(guest, ending, at);
    if (ending.is === "returned" && guest.call) {
      const call = shortOf(callText(guest.call, guest.functions));
      this.#screen.tell(ending.value === "" ? `${call}\n` : `${call} = ${ending.value}\n`);
    }
    if (ending.is === "failed") {
      const why = guest.problems[0] ?? `${ending.name}: ${ending.message}`;
      this.#screen.complain(`${guest.name}: ${why}\n`, ending.rule);
    }
  }

  #over(files: Files | undefined): void {
    if (files) this.#setFiles(files);
    // Those that did not end by themselves.
    for (const [index, guest] of this.#stage.guests.entries()) {
      if (!this.#done.has(index)) this.#view.ended(guest, { is: "stopped" }, this.#at);
    }
    this.#view.rest();
    this.#showRun("over");
    announce(`The run is over. ${this.#view.summary()}`);
  }

  #showRun(run: "off" | "on" | "over"): void {
    if (run !== "on") clearInterval(this.#silence);
    const { activeElement } = document;
    this.#run.hidden = run === "on";
    this.#stop.hidden = run !== "on";
    // Who has pressed one has the other now.
    if (activeElement === this.#run && run === "on") this.#stop.focus();
    else if (activeElement === this.#stop && run !== "on") this.#run.focus();
    document.documentElement.dataset["run"] = run;
  }

  #type(guest: Guest, line: string | undefined): void {
    const channel = this.#stage.channels().findIndex((key) => key.guest === guest && key.is === "input");
    const bytes = new TextEncoder().encode(line === undefined ? "" : `${line}\n`);
    this.#session.tell({ is: "type", channel, bytes, isLast: line === undefined });
  }

  #problem(text: string): void {
    const problem = byId("problem");
    setText(problem, text);
    problem.hidden = text === "";
  }
}

/** What the address names: the first scenario, if nothing. */
function addressed(): Scenario | undefined {
  const { hash } = location;
  return hash === "" ? SCENARIOS[0] : SCENARIOS.find(({ id }) => `#${id}` === hash);
}

/** Whether the focus is where a scenario was chosen, or nowhere: who has gone on meanwhile is not taken out of sight. */
function isAtChoice(): boolean {
  const { activeElement } = document;
  return !activeElement || activeElement === document.body || activeElement.matches("[aria-current]");
}

/** On a phone it is below what was chosen from. */
function showStage(): void {
  const stage = byId("stage");
  if (stage.getBoundingClientRect().top > innerHeight / 2) stage.scrollIntoView({ block: "start" });
}
