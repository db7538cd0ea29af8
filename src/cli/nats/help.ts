const CONNECTION = `  --nats URL           Where: $NATS_URL, or nats://127.0.0.1:4222.
  --creds FILE         Credentials, or --nkey FILE with a seed.
  --tls-ca FILE        Whom to trust; --tls-cert FILE, --tls-key FILE.
  --give-up DURATION   Fails if the broker is away for so long: never.
  --create             Makes streams, and a consumer, that are not there.
  --help               Shows this.
`;

/** Each fits a terminal of 80 by 24. */
export const NATS_TEXTS = {
  work: `Usage: sluice work --jobs STREAM/CONSUMER --results STREAM [options] app.wasm
       [arguments...]

Carries out jobs of a queue: an instance for each, with the job as standard
input and the result as standard output. Ends on SIGTERM when all is done.

Options:
  --dead STREAM        Where jobs go that fail each time: dropped.
  --concurrency N      Jobs at the same time: 1.
  --timeout DURATION   Of one attempt, whatever the guest does: as it takes.
  --retries N          Of a job that fails: 5.
  --header NAME        A header that the guest has as a variable.
  --env NAME[=VALUE]   Sets a variable, or passes on.
  --metrics [ADDR:]PORT  Answers /metrics for Prometheus, and /ready.
${CONNECTION}`,
  pipe: `Usage: sluice pipe --in STREAM[/SUBJECT] --out STREAM [options] app.wasm
       [arguments...]

Runs a command from stream to stream, in order, each byte of its output stored
once: started again, it goes on where the output ends. Ends with the input.

Options:
  --segment N          Messages that one run of the command gets: 1000.
  --env NAME[=VALUE]   Sets a variable, or passes on.
${CONNECTION}`,
  put: `Usage: sluice put [options] STREAM[/SUBJECT] < file

Puts standard input into a stream, with its hash. If that was interrupted, the
same again goes on where it was.

Options:
  --message BYTES      Of one message: 65536.
${CONNECTION}`,
  get: `Usage: sluice get [options] STREAM[/SUBJECT] > file

Gets what \`sluice put\`, a job or a guest has written, to its end, and compares
its hash.

Options:
  -o, --output FILE    Writes to a file, behind what is there already.
${CONNECTION}`,
};
