/**
 * What we use of the client of NATS, `@nats-io/transport-node` and `@nats-io/jetstream` 3.4. Its own types do not compile with
 * `exactOptionalPropertyTypes`, and whoever uses the rest of this package does not have them.
 */

/** A connection of the client's: what its `connect` gives. */
export interface NatsConnection {
  /** What the server has said of itself. */
  readonly info?: { readonly max_payload: number; readonly jetstream?: boolean } | undefined;
  /** Resolves when it is over, with the error that has ended it. */
  closed(): Promise<unknown>;
  /** Sends what waits, and ends it. */
  drain(): Promise<void>;
  /** Resolves when the server has got all that was sent before. */
  flush(): Promise<void>;
}

export interface MsgHdrs {
  get(name: string): string;
  set(name: string, value: string): void;
  has(name: string): boolean;
  keys(): string[];
}

/** A message that a consumer delivers. */
export interface JsMsg {
  readonly seq: number;
  readonly subject: string;
  readonly data: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
  /** When it was stored. */
  readonly time: Date;
  readonly info: {
    readonly deliverySequence: number;
    /** From 1 on. */
    readonly deliveryCount: number;
    /** Messages that the consumer has not delivered yet. */
    readonly pending: number;
  };
  ack(): void;
  nak(ms?: number): void;
  working(): void;
  term(reason?: string): void;
}

/** A message as a stream has it. */
export interface StoredMsg {
  readonly subject: string;
  readonly seq: number;
  readonly data: Uint8Array;
  readonly header: MsgHdrs;
}

export interface ConsumerMessages extends AsyncIterable<JsMsg> {
  /** Gives nothing more. */
  stop(): void;
}

export interface Consumer {
  fetch(options: { readonly max_messages: number; readonly expires: number }): Promise<ConsumerMessages>;
}

export interface ConsumerConfig {
  readonly name?: string;
  readonly durable_name?: string;
  readonly ack_policy: string;
  readonly deliver_policy?: string;
  readonly opt_start_seq?: number;
  readonly filter_subject?: string;
  readonly inactive_threshold?: number;
  readonly mem_storage?: boolean;
  readonly num_replicas?: number;
  /** Nanoseconds. */
  readonly ack_wait?: number;
  readonly max_deliver?: number;
  readonly max_ack_pending?: number;
}

export interface ConsumerInfo {
  readonly name: string;
  readonly config: ConsumerConfig;
  readonly num_pending: number;
  readonly num_ack_pending: number;
  /** The last of what it has delivered. */
  readonly delivered: { readonly consumer_seq: number };
}

export interface StreamConfig {
  readonly name: string;
  readonly subjects?: readonly string[];
  readonly retention: string;
  readonly discard: string;
  readonly max_msgs: number;
  readonly max_bytes: number;
  readonly max_msgs_per_subject: number;
  /** Of a message with its headers; -1: what the server permits. */
  readonly max_msg_size?: number;
  /** Nanoseconds. */
  readonly max_age: number;
  readonly num_replicas: number;
  readonly sealed?: boolean;
  /** Nanoseconds. */
  readonly duplicate_window?: number;
}

export interface StreamInfo {
  readonly config: StreamConfig;
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
  };
  /** Where there are several servers. */
  readonly cluster?: { readonly leader?: string };
}

export interface PublishOptions {
  readonly headers: MsgHdrs;
  readonly timeout: number;
  readonly msgID?: string;
  readonly expect?: {
    readonly lastMsgID?: string;
    readonly streamName?: string;
    readonly lastSequence?: number;
    readonly lastSubjectSequence?: number;
  };
}

export interface JetStreamClient {
  publish(subject: string, data: Uint8Array, options: PublishOptions): Promise<{ readonly seq: number }>;
  readonly consumers: { get(stream: string, name: string): Promise<Consumer> };
}

/** The last of a subject, the one of a sequence, or the first of a subject from there on. */
export type MsgQuery =
  | { readonly last_by_subj: string }
  | { readonly seq: number }
  | { readonly seq: number; readonly next_by_subj: string };

export interface JetStreamManager {
  readonly streams: {
    info(stream: string): Promise<StreamInfo>;
    add(config: Partial<StreamConfig> & { readonly name: string }): Promise<StreamInfo>;
    update(stream: string, config: Partial<StreamConfig>): Promise<StreamInfo>;
    delete(stream: string): Promise<boolean>;
    purge(stream: string, options?: { readonly filter?: string; readonly seq?: number }): Promise<unknown>;
    getMessage(stream: string, query: MsgQuery): Promise<StoredMsg | null>;
  };
  readonly consumers: {
    info(stream: string, name: string): Promise<ConsumerInfo>;
    add(stream: string, config: ConsumerConfig): Promise<ConsumerInfo>;
    delete(stream: string, name: string): Promise<boolean>;
  };
}

/** `@nats-io/jetstream`. */
export interface JetStreamModule {
  jetstream(nc: NatsConnection, options?: { readonly timeout?: number }): JetStreamClient;
  jetstreamManager(
    nc: NatsConnection,
    options?: { readonly timeout?: number; readonly checkAPI?: boolean },
  ): Promise<JetStreamManager>;
  readonly JetStreamApiError: new (...args: never[]) => Error & { readonly code: number; readonly status: number };
}

/** Answers a server's challenge. Throws if what it answers with is not what it should be. */
export type Authenticator = (nonce?: string) => unknown;

/** What `connect` takes. */
export interface ConnectionOptions {
  readonly servers: string | readonly string[];
  readonly name?: string;
  /** -1: as often as it takes. */
  readonly maxReconnectAttempts?: number;
  readonly reconnectTimeWait?: number;
  /** Milliseconds between questions whether the server is there: two that are not answered end a connection. */
  readonly pingInterval?: number;
  readonly waitOnFirstConnect?: boolean;
  /** Errors do not say where a request was made. */
  readonly noAsyncTraces?: boolean;
  /** Milliseconds that a server has to take it in. */
  readonly timeout?: number;
  readonly authenticator?: Authenticator;
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
}

/** `@nats-io/transport-node`. */
export interface TransportModule {
  connect(options: ConnectionOptions): Promise<NatsConnection>;
  credsAuthenticator(credentials: () => Uint8Array): Authenticator;
  nkeyAuthenticator(seed: () => Uint8Array): Authenticator;
  headers(): MsgHdrs;
  readonly nuid: { next(): string };
}
