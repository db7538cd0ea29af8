import { quoted } from "../io/quoted.ts";
import { brokerError } from "./answers.ts";
import type { StreamConfig, StreamInfo } from "./client-types.ts";
import { givenCount, givenObject, givenText, givenTexts } from "./given.ts";
import type { JetStreamAccess } from "./jetstream-log.ts";

/** A stream is not there, or its configuration would break what is promised. */
export class StreamConfigError extends Error {
  override readonly name: string = "StreamConfigError";
}

/** @throws {StreamConfigError} If there is none. @throws {BrokerError} */
export async function streamInfo({ client, manager, stream }: JetStreamAccess): Promise<StreamInfo> {
  try {
    return lookedAt(await manager.streams.info(stream));
  } catch (error) {
    if (error instanceof client.jetstream.JetStreamApiError && error.status === 404) {
      throw new StreamConfigError(`There is no stream ${stream}: it is yours to create`, { cause: error });
    }
    throw brokerError(client, `look at stream ${stream}`, error);
  }
}

/** What a stream is and has, if that is so. @throws {TypeError} */
export function lookedAt(info: StreamInfo): StreamInfo {
  const { config, state } = givenObject("a stream", info);
  givenText("name of a stream", givenObject("config of a stream", config).name);
  givenTexts("subjects of a stream", config.subjects);
  givenCount("first_seq of a stream", givenObject("state of a stream", state).first_seq, 0);
  givenCount("last_seq of a stream", state.last_seq, 0);
  return info;
}

/** The one literal subject of a stream, if it has no other. */
export function onlySubject({ subjects = [] }: StreamConfig): string | undefined {
  const [subject] = subjects;
  return subjects.length === 1 && subject !== undefined && isLiteral(subject) ? subject : undefined;
}

function isLiteral(subject: string): boolean {
  return !/[*>\s]/.test(subject) && subject !== "";
}

/** The subject to use. @throws {StreamConfigError} If none was given and the stream has several, or it takes it not. */
export function chosenSubject(config: StreamConfig, given: string | undefined): string {
  const subject = given ?? onlySubject(config);
  const { subjects = [] } = config;
  const has = `it has ${subjects.join(", ") || "none of its own"}`;
  if (subject === undefined) {
    throw new StreamConfigError(`Stream ${config.name} has not exactly one subject: ${has}; say which`);
  }
  if (!isLiteral(subject)) {
    throw new StreamConfigError(`Expected a subject without wildcards, got ${quoted(subject)}`);
  }
  if (!subjects.some((pattern) => matches(pattern, subject))) {
    throw new StreamConfigError(`Stream ${config.name} takes no messages of subject ${subject}: ${has}`);
  }
  return subject;
}

function matches(pattern: string, subject: string): boolean {
  const words = subject.split(".");
  const parts = pattern.split(".");
  const isOpen = parts.at(-1) === ">";
  if (isOpen ? words.length < parts.length : words.length !== parts.length) return false;
  return parts.every((part, index) => part === "*" || part === words[index] || (isOpen && index === parts.length - 1));
}

/**
 * What is appended, and was acknowledged, must stay.
 *
 * @throws {StreamConfigError} If the stream's configuration lets it go.
 */
export function assertKeeps(config: StreamConfig): void {
  const { name, retention, discard, max_msgs: messages, max_bytes: bytes, max_msgs_per_subject: perSubject } = config;
  const refuse = (what: string, instead: string): never => {
    throw new StreamConfigError(`Stream ${name} does not keep what it has acknowledged: ${what}; expected ${instead}`);
  };
  if (retention !== "limits") refuse(`its retention is ${retention}`, "limits");
  if (perSubject > 0) refuse(`it keeps ${perSubject} messages of each subject`, "no such limit");
  if (discard !== "new" && (messages > 0 || bytes > 0)) {
    refuse("when it is full it drops old messages (discard: old)", "discard: new, or no limits");
  }
}

/**
 * As `assertKeeps`, and more can be appended.
 *
 * @throws {StreamConfigError} If it cannot, or does not stay.
 */
export function assertTakes(config: StreamConfig): void {
  assertKeeps(config);
  if (config.sealed) throw new StreamConfigError(`Stream ${config.name} is sealed: nothing can be appended to it`);
}
