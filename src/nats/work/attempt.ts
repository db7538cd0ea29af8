/** How an attempt of a job has failed. */
export interface Attempt {
  /** Missing: it did not come to that. */
  readonly exitCode: number | undefined;
  /** For a person. */
  readonly error: string;
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}
